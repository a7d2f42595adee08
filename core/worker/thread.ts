/** What a worker thread runs: sets itself up, then takes requests until it is ended. */
import { MessageChannel, type MessagePort, workerData } from 'node:worker_threads'
import { expose, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { invalid, WorkerCrashedError } from '../api/errors.js'
import { ActorExit } from '../api/exit.js'
import { FAILED, ObjectRef, READY } from '../api/object-ref.js'
import { Borrowing } from '../control/borrowing.js'
import { liveObjects } from '../control/live-objects.js'
import { flushMetrics, setForward } from '../control/metrics.js'
import { type Query, withTotal } from '../control/query.js'
import type { LedgerMessage } from '../control/ref-book.js'
import type { RowKind, RowKinds } from '../control/rows.js'
import type { Service } from '../control/service.js'
import { setEngine } from '../engine/current.js'
import { LocalEngine } from '../engine/local.js'
import { collectThoroughly } from '../store/collection.js'
import { Encoder } from '../store/encoder.js'
import { startHandleIds } from '../store/handles.js'
import { ObjectStore } from '../store/object-store.js'
import { StoreUsage } from '../store/usage.js'
import { Bell } from './bell.js'
import { currentTask, type OpenTask, type RuntimeContext } from './context.js'
import type { WorkerControl } from './control.js'
import { Executor } from './executor.js'
import { Inlet } from './inlet.js'
import * as layout from './layout.js'
import { WorkerLoop } from './loop.js'
import type { InletSetup, WorkerData } from './messages.js'
// Queues and placement groups can be passed to tasks: their modules say how.
import '../api/queue.js'
import '../api/placement-group.js'
import { asOurs, RemoteHeadquarters } from './remote-headquarters.js'
import { ReplySender, type ReplyTools } from './reply-sender.js'

/** Workers for tasks connect with each other from the beginning where they are so few; else with their first submission, since each connection takes memory. */
const EARLY_PEERS = 16

const data = workerData as WorkerData
startHandleIds(data.firstId)
const poolWords = new Int32Array(data.pool)
const bell = new Bell(data.bell, poolWords)
const actorId = data.role.kind === 'actor' ? data.role.actorId : undefined
const gpuIds = data.role.kind === 'pool' ? [] : data.role.gpuIds
/** Reading it from `performance` each time costs more than the time itself. */
const { timeOrigin } = performance
const now = () => timeOrigin + performance.now()
const post = (message: LedgerMessage) => data.ledgerPort.postMessage(message)

const tools: ReplyTools = {
  encoder: new Encoder(false),
  textEncoder: new Encoder(false),
  clock: { beganMs: 0, endedMs: 0 },
  leaving: (encoder, client) => engine.book.transfer(encoder.refs, client),
  relieve: () => engine.pump.drainAll(),
}

tools.encoder.leaves = data.apart

function inlet(setup: InletSetup): Inlet {
  const made = new Inlet(setup, data.index, new ReplySender(setup, tools, poolWords), (message) => executor.told(message))
  executor.add(made)
  return made
}

let nextId = data.firstId
/** The context of what runs in no task, such as a timer that one has left behind. */
const outside: RuntimeContext = { taskId: undefined, actorId, workerId: data.workerId, gpuIds, signal: new AbortController().signal }
const service = wrap<Service>(nodeEndpoint(data.headPort))
const headquarters = new RemoteHeadquarters(service)

const engine: LocalEngine = new LocalEngine({
  index: data.index,
  // Of a process the main thread cannot see the memory; most of its tasks are the main thread's own for that reason.
  history: data.apart ? undefined : (part) => post({ kind: 'history', thread: data.index, part }),
  store: new ObjectStore({ ...data.store, usage: new StoreUsage(data.store.usage), pressed: () => post({ kind: 'pressed' }) }),
  poolWords,
  headquarters,
  namespace: data.namespace,
  mint: () => nextId++,
  book: (caller) =>
    new Borrowing(
      data.index,
      post,
      caller,
      bring,
      (ref, to) => caller.values.outcomeOf(ref, to),
      (ref, then) => caller.values.whenHere(ref, then),
    ),
  rest: () => loop.resume(),
  wake: () => {},
  current: currentTask,
  context: () => currentTask() ?? outside,
  waiting,
  connectPool,
  entrusts: data.apart,
  isApart: () => data.apart,
  // Only the main thread is sent output.
  output: () => {},
  placementGroups: {
    create: (bundles, strategy, name) => {
      const id = nextId++
      post({ kind: 'group', id, bundles, strategy, name })
      return id
    },
    // Whoever waits for a group must not keep a CPU that the group needs.
    ready: async (id) => {
      const waiter = engine.hold()
      try {
        await asOurs(service.groupReady(id))
      } finally {
        engine.release(waiter)
      }
    },
    remove: (id) => service.removeGroup(id),
  },
  resources: () => service.resources(),
  state: {
    rows: async <Kind extends RowKind>(kind: Kind, query?: Query<RowKinds[Kind]>) => {
      const { rows, total } = await asOurs(service.stateRows(kind, query as Query<object> | undefined))
      return withTotal([...rows] as RowKinds[Kind][], total)
    },
    counts: () => asOurs(service.stateCounts()),
  },
  ready: async () => {},
  shutdown: async () => {},
  exitActor: () => {
    if (actorId === undefined) throw invalid('exitActor: called outside an actor; it ends the actor whose method calls it')
    const task = currentTask()
    if (task !== undefined) task.exits = true
    // Before the thread can be gone.
    post({ kind: 'exiting', thread: data.index })
    executor.finish()
    throw new ActorExit()
  },
})
headquarters.engine = engine
setEngine(engine)

function waiting(task: OpenTask, by: 1 | -1): void {
  executor.wait(task, by)
  if (data.role.kind === 'dedicated' && task.waiting === (by === 1 ? 1 : 0)) post({ kind: 'waiting', thread: data.index, on: by === 1 })
}

/** Brings the value of another thread's ref. */
function bring(ref: ObjectRef): void {
  service.fetch(ref.id).then(
    (outcome) => {
      const arrived = engine.values.settled(outcome)
      if (!arrived.failed) engine.values.borrow(ref, arrived)
      ref.settle(arrived.failed ? FAILED : READY, arrived.value)
    },
    (error: unknown) => ref.settle(FAILED, error),
  )
}

/** Lets this thread and all workers take from its queue. */
function connectPool(mine: LocalEngine): void {
  if (data.role.kind === 'pool') {
    // A worker is its own client: what it submits it may run itself, over the same rings.
    const channel = new SharedArrayBuffer(layout.CHANNEL_BYTES)
    const { port1, port2 } = new MessageChannel()
    const self = { index: data.index, name: data.workerId, bell: data.bell, channel }
    inlet({ ...self, port: port2, queue: mine.pool.memory })
    port1.unref()
    mine.addWorker({ ...self, port: port1 })
  }
  void service.connectPool(mine.pool.memory).then((wires) => {
    for (const wire of wires) mine.addWorker(wire)
  })
}

const executor = new Executor(data, {
  clock: tools.clock,
  borrower: {
    ref: (id) => engine.book.ref(id, false),
    actor: (id, shape) => engine.book.handle(id, shape, false),
    settle: () => engine.book.report(),
  },
  gpuIds,
  bell: bell.words,
  now,
  waits: (task, by) => {
    waiting(task, by)
    if (data.role.kind === 'dedicated') post({ kind: 'held-back', thread: data.index, on: by === 1 })
    // There may be room for another task.
    if (by === 1) queueMicrotask(() => loop.resume())
  },
  answering: () => loop.answering(),
  ended: () => loop.resume(),
  orphaned: (tasks, force) => engine.cancellation.all(tasks, force),
  save: (state) => {
    const ref = new ObjectRef(0)
    ref.settle(READY, state)
    const outcome = engine.values.outcomeOf(ref, 0, true)
    // It cannot travel.
    if (outcome.failed) throw engine.values.settled(outcome).value
    post({ kind: 'saved', thread: data.index, outcome })
  },
})
const peers = data.role.kind === 'pool' ? data.role.bells.map((memory) => new Bell(memory, poolWords)) : []
const loop = new WorkerLoop(bell, poolWords, executor, engine.pump, {
  takesTasks: data.role.kind === 'pool',
  now,
  peers,
  paused: () => post({ kind: 'paused', thread: data.index }),
})
const main = inlet(data.main)

/** Node's own streams need this thread's event loop to turn, which it does not while it works or sleeps; the ring does not. */
function redirect(stream: NodeJS.WriteStream, kind: number): void {
  const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    main.replies.text(kind, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString(), currentTask()?.taskId ?? 0)
    const done = typeof encoding === 'function' ? encoding : callback
    if (typeof done === 'function') queueMicrotask(() => done())
    return true
  }
  stream.write = write as typeof stream.write
}
redirect(process.stdout, layout.STDOUT)
redirect(process.stderr, layout.STDERR)
// Node has it in main threads only. In a process of our own there is nobody else to harm.
if (data.apart) process.abort = () => process.kill(process.pid, 'SIGABRT') as never

setForward((batch) => post({ kind: 'metrics', thread: data.index, batch }))
// Also when the program ends the thread; only one that is ended from outside loses what it counted last.
process.on('exit', flushMetrics)

// Node calls the loader of shipped functions experimental, once a worker; who wrote the function cannot help it.
const { emitWarning } = process
process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
  if (!String(warning).includes('USE_MAIN_CONTEXT_DEFAULT_LOADER')) emitWarning.call(process, warning, ...rest)
}) as typeof process.emitWarning

// A promise that nobody awaits is reported and costs nobody else their worker.
process.on('unhandledRejection', (reason) => {
  console.error('Unhandled rejection in a task:', reason)
})

const control: WorkerControl = {
  ready: () => true,
  attach: (setup) => {
    inlet(setup)
  },
  detach: (client) => executor.remove(client),
  left: (client) => executor.left(client),
  poolAdded: (wire) => engine.addWorker(wire),
  threadGone: (index, how, cause, condemned) => engine.lost.add(index, how, cause, condemned),
  poolLost: (message) => engine.poolLost(new WorkerCrashedError(message)),
  actorGone: (gone) => engine.calls.gone(gone),
  cancel: (id, force, recursive) => engine.cancellation.byId(id, force, recursive),
  openTasks: () => [...executor.running].map(({ taskId, beganMs, waiting }) => ({ id: taskId, beganMs, waits: waiting > 0 })),
  taskRows: (facts, query) => {
    engine.poll()
    return engine.taskRows(facts, query)
  },
  taskCounts: (facts) => {
    engine.poll()
    return engine.taskCounts(facts)
  },
  collect: collectThoroughly,
  liveObjects: () => liveObjects(engine.values.rows()),
  exit: () => executor.finish(),
}
expose(control, nodeEndpoint(data.controlPort))
for (const port of [data.controlPort, data.headPort] as MessagePort[]) {
  // These keep the thread alive while it listens.
  port.on('message', () => loop.controlHandled())
}
loop.start()
// A first submission connects too, but the others hear of it only once this thread rests, and its task may go on computing.
if (data.role.kind === 'pool' && peers.length <= EARLY_PEERS) setImmediate(() => engine.sending.connect())
