/** ActorPool, Queue, Pool, the state API, the runtime's context and resources. The twins of test/golden/core/helpers.py. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ActorPool,
  actor,
  cancel,
  exitActor,
  get,
  init,
  kill,
  Pool,
  type Query,
  Queue,
  remote,
  resources,
  runtimeContext,
  state,
  type TaskRow,
} from '../../../core/index.js'
import { after, type Behaviours, failing, identity, outcome, outcomeOf, type Signal, Signals, until, waitFor } from './behaviour.js'

const module = import.meta.url

export class Worker {
  double(x: number): number {
    return 2 * x
  }
  fail(x: number): number {
    if (x === 2) throw new RangeError('no 2')
    return x
  }
  async wait(signal: Signal, x: number): Promise<number> {
    await waitFor(signal)
    return x
  }
}

export async function produce(queue: Queue<number>): Promise<void> {
  for (let i = 0; i < 5; i++) await queue.put(i)
}

export class Listed {
  hello(): number {
    return 1
  }
}

export function showContext(): unknown[] {
  const { taskId, actorId, workerId } = runtimeContext()
  return [taskId, actorId, workerId]
}

export class Shower {
  show(): unknown[] {
    return showContext()
  }
}

const Workers = actor(Worker, { module, numCpus: 0 })
const ListedActors = actor(Listed, { module, numCpus: 0 })
const workers = (count: number) => Array.from({ length: count }, () => Workers.remote())
type Handle = ReturnType<typeof Workers.remote>
const double = (one: Handle, x: number) => one.double.remote(x)

const negate = (x: number) => 0 - x
const add = (a: number, b: number) => a + b
const failAt2 = (x: number) => {
  if (x === 2) throw new RangeError('no 2')
  return x
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const value of values) all.push(value)
  return all
}

/** Whether a call fails with an error that speaks of item 2. */
const throwsNo2 = (call: Promise<unknown>) =>
  call.then(
    () => 'nothing was thrown',
    (error: Error) => error.message.includes('no 2'),
  )

const states = async (name: string) => (await state.listTasks({ filters: [['name', '=', name]] })).map((row) => row.state).sort()

export const helpers: Behaviours = {
  'ActorPool.map keeps the order of the values, map_unordered gives what is there first': async () => {
    const pool = new ActorPool(workers(2))
    const signal = Signals.remote()
    const ordered = await collect(pool.map(double, [1, 2, 3, 4]))
    const results = pool.mapUnordered((one, x: number) => (x === 1 ? one.wait.remote(signal, x) : one.double.remote(x)), [1, 5])
    const first = (await results.next()).value
    await get(signal.open.remote())
    return [ordered, first, (await results.next()).value]
  },
  'ActorPool.submit and get_next read results in their order, and there is an error when none is to come': async () => {
    const pool = new ActorPool(workers(2))
    const answers: unknown[] = [pool.hasNext(), pool.hasFree()]
    for (const x of [1, 2, 3]) pool.submit(double, x)
    answers.push(pool.hasFree(), await pool.getNext(), await pool.getNext(), await pool.getNext(), pool.hasNext())
    return [...answers, await outcome(() => pool.getNext()), await outcome(() => pool.getNextUnordered())]
  },
  'ActorPool.get_next gives up after its timeout, and the result stays': async () => {
    const [pool, signal] = [new ActorPool(workers(1)), Signals.remote()]
    pool.submit((one, x: number) => one.wait.remote(signal, x), 9)
    const late = await outcome(() => pool.getNext({ timeoutMs: 300 }))
    await get(signal.open.remote())
    return [late, await pool.getNext({ timeoutMs: 20_000 })]
  },
  'a call of an ActorPool that throws fails at its place, and the pool goes on': async () => {
    const pool = new ActorPool(workers(2))
    for (const x of [1, 2, 3]) pool.submit((one, v: number) => one.fail.remote(v), x)
    return [await outcome(() => pool.getNext()), await outcome(() => pool.getNext()), await outcome(() => pool.getNext())]
  },
  'a dead actor leaves the ActorPool, and the others go on': async () => {
    const [dying, living] = workers(2)
    const pool = new ActorPool([dying, living])
    await kill(dying)
    for (let x = 0; x < 5; x++) pool.submit(double, x)
    const answers: unknown[] = []
    while (pool.hasNext()) answers.push(await outcome(() => pool.getNext()))
    return [answers.length, answers.filter((one) => one === 'actor died').length]
  },
  'an ActorPool takes actors by push, not twice, and gives idle ones by pop_idle': async () => {
    const [first, second] = workers(2)
    const pool = new ActorPool([first])
    const answers: unknown[] = [await outcome(() => pool.push(first))]
    pool.push(second)
    return [...answers, [pool.popIdle(), pool.popIdle(), pool.popIdle()].map((one) => one !== undefined)]
  },
  'what is submitted to an empty ActorPool runs when an actor comes; who asks before gets an error': async () => {
    const pool = new ActorPool<Handle>([])
    pool.submit(double, 4)
    const before = await outcome(() => pool.getNext())
    pool.push(Workers.remote())
    return [before, await pool.getNext()]
  },
  'a Queue is first in, first out, and tells its size': async () => {
    const queue = new Queue<unknown>(3)
    const answers: unknown[] = [await queue.empty(), await queue.size()]
    for (const item of ['a', null, [1]]) await queue.put(item)
    answers.push(await queue.full(), await queue.size(), await queue.get(), await queue.get(), await queue.get(), await queue.empty())
    await queue.shutdown()
    return answers
  },
  'a full Queue refuses at once or after a timeout, an empty one too': async () => {
    const queue = new Queue<number>(1)
    const answers: unknown[] = [await outcome(() => queue.getNowait()), await outcome(() => queue.get({ timeoutMs: 200 }))]
    await queue.put(1)
    answers.push(await outcome(() => queue.putNowait(2)), await outcome(() => queue.put(2, { timeoutMs: 200 })))
    answers.push(await queue.get(), await queue.empty())
    await queue.shutdown()
    return answers
  },
  'batches go into a Queue and out of it as a whole or not at all': async () => {
    const queue = new Queue<number>(3)
    await queue.putNowaitBatch([1, 2])
    const answers: unknown[] = [await outcome(() => queue.putNowaitBatch([3, 4])), await queue.size()]
    answers.push(await outcome(() => queue.getNowaitBatch(3)), await queue.size(), await queue.getNowaitBatch(2))
    await queue.shutdown()
    return answers
  },
  'a put waits for room and a get for an item': async () => {
    const queue = new Queue<number>(1)
    const ref = remote(produce, { module, numCpus: 0 }).remote(queue)
    const answers = []
    for (let i = 0; i < 5; i++) answers.push(await queue.get({ timeoutMs: 30_000 }))
    await get(ref)
    await queue.shutdown()
    return answers
  },
  'a Queue refuses a negative timeout, takes one of 0 or less than one item as without limit, and fails after its shutdown': async () => {
    const queue = new Queue<number>()
    const answers: unknown[] = [await outcome(() => queue.get({ timeoutMs: -1 })), await outcome(() => queue.put(1, { timeoutMs: -1 }))]
    for (let i = 0; i < 5; i++) await queue.put(i)
    answers.push([await queue.size(), await queue.full()])
    await queue.shutdown()
    return [...answers, (await outcome(() => queue.put(1))) !== undefined]
  },
  'Pool maps, with and without an order, with lists of arguments and in chunks': async () => {
    const pool = new Pool({ processes: 2 })
    const pairs: [number, number][] = [
      [1, 2],
      [3, 4],
    ]
    const answers = [
      await pool.map(negate, [1, 2, 3], { chunkSize: 2 }),
      await pool.starmap(add, pairs),
      await collect(pool.imap(negate, [4, 5, 6])),
      (await collect(pool.imapUnordered(negate, [7, 8]))).sort((a, b) => a - b),
      await pool.apply(add, [20, 22]),
      await pool.map(negate, []),
    ]
    await pool.terminate()
    await pool.join()
    return answers
  },
  'Pool throws what its function threw, and goes on': async () => {
    const pool = new Pool({ processes: 1 })
    const answers = [await throwsNo2(pool.map(failAt2, [1, 2, 3])), await pool.map(negate, [1])]
    await pool.terminate()
    return answers
  },
  'Pool.imap gives what came before an error': async () => {
    const pool = new Pool({ processes: 1 })
    const results = pool.imap(failAt2, [0, 1, 2, 3])
    const answers = [(await results.next()).value, (await results.next()).value, await throwsNo2(results.next())]
    await pool.terminate()
    return answers
  },
  'a closed Pool takes no more work, and join wants it closed': async () => {
    const pool = new Pool({ processes: 1 })
    const answers = [await outcome(() => pool.join())]
    pool.close()
    answers.push(await outcome(() => pool.map(negate, [1])))
    await pool.join()
    return answers
  },
  'Pool refuses no processes and a chunk of no values': async () => {
    const pool = new Pool({ processes: 1 })
    const answers = [await outcome(() => Boolean(new Pool({ processes: 0 }))), await outcome(() => pool.map(negate, [1], { chunkSize: 0 }))]
    await pool.terminate()
    return answers
  },
  'list_tasks tells the states of tasks that are over, run, wait for arguments and for resources': async () => {
    const signal = Signals.remote()
    await get(identity.options({ name: 'state over' }).remote(1))
    await outcomeOf(failing.options({ name: 'state failed' }).remote())
    const running = after.options({ name: 'state runs' }).remote(signal)
    const waits = identity.options({ name: 'state waits' }).remote(running)
    const wanted: Record<string, string[]> = {
      'state over': ['FINISHED'],
      'state failed': ['FAILED'],
      'state runs': ['RUNNING'],
      'state waits': ['PENDING_ARGS_AVAIL'],
      'state hungry': ['PENDING_NODE_ASSIGNMENT'],
    }
    // Here a task that asks for more than there is fails, so it asks for what another has.
    const holder = after.options({ name: 'holder', resources: { camera: 1 } }).remote(signal)
    await until(async () => (await states('holder')).join() === 'RUNNING')
    const hungry = identity.options({ name: 'state hungry', resources: { camera: 1 } }).remote(1)
    const told = async () => {
      const answers: Record<string, string[]> = {}
      for (const name of Object.keys(wanted)) answers[name] = await states(name)
      return answers
    }
    await until(async () => JSON.stringify(await told()) === JSON.stringify(wanted))
    const answers = await told()
    await cancel(hungry)
    await get(signal.open.remote())
    await get([waits, holder])
    return answers
  },
  'list_tasks has filters, several together, and a limit, and refuses what it does not know': async () => {
    await get([0, 1, 2].map((i) => identity.options({ name: 'filter me' }).remote(i)))
    const count = async (query: unknown) => (await state.listTasks(query as Query<TaskRow>)).length
    const named = ['name', '=', 'filter me']
    return [
      await count({ filters: [named, ['state', '=', 'FINISHED']] }),
      await count({ filters: [named, ['state', '!=', 'FINISHED']] }),
      await count({ filters: [named], limit: 2 }),
      await outcome(() => count({ filters: [['name', '~', 'filter me']] })),
      await outcome(() => count({ limit: -1 })),
    ]
  },
  'list_actors tells the class, the name and the state of actors': async () => {
    const [living, dead] = [ListedActors.options({ name: 'listed' }).remote(), ListedActors.remote()]
    const holder = Workers.options({ resources: { camera: 1 } }).remote()
    await get(holder.double.remote(1))
    const pending = ListedActors.options({ resources: { camera: 1 } }).remote()
    await get([living.hello.remote(), dead.hello.remote()])
    await kill(dead)
    const rows = async () =>
      (await state.listActors({ filters: [['className', '=', 'Listed']] })).map((row) => [row.state, row.name ?? '']).sort()
    const wanted = [
      ['ALIVE', 'listed'],
      ['DEAD', ''],
      ['PENDING_CREATION', ''],
    ]
    await until(async () => JSON.stringify(await rows()) === JSON.stringify(wanted))
    const answer = await rows()
    await kill(pending)
    await kill(holder)
    return answer
  },
  'the context tells tasks and actors apart': async () => {
    const driver = runtimeContext()
    const show = remote(showContext, { module })
    const [first, second] = await get([show.remote(), show.remote()])
    const shower = actor(Shower, { module }).remote()
    const [third, fourth] = await get([shower.show.remote(), shower.show.remote()])
    return {
      driver: [driver.actorId === undefined],
      task: [first[0] !== undefined, first[0] !== second[0], first[1] === undefined],
      actor: [third[0] !== fourth[0], third[1] !== undefined, third[1] === fourth[1], third[2] === fourth[2]],
    }
  },
  'the runtime tells what it has, and what of it is free': async () => {
    await until(async () => (await resources()).available.numCpus === 2)
    const { total, available } = await resources()
    return [total, available].map((one) => ['numCpus', 'numGpus', 'camera'].map((name) => one[name] ?? 0))
  },
  'exit_actor outside of an actor is refused, and a second init too': async () => {
    const answers = [await outcome(() => exitActor()), await outcome(() => init({ numCpus: 1 }).then(() => true))]
    await sleep(0)
    return [...answers, await outcome(() => init({ ignoreReinitError: true }).then(() => true))]
  },
}
