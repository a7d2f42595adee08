import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { expose, type Remote, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { LedgerMessage } from '../control/ref-book.js'
import { Bell } from './bell.js'
import type { WorkerControl } from './control.js'
import * as layout from './layout.js'
import type { InletSetup, Role, Wire, WorkerData } from './messages.js'
import { closeQueue } from './queue.js'

export interface HostSetup {
  readonly index: number
  readonly firstId: number
  readonly name: string
  readonly role: Role
  readonly pool: SharedArrayBuffer
  /** The main thread's bell and, for a worker for tasks, its queue. */
  readonly mainBell: SharedArrayBuffer
  readonly mainQueue: SharedArrayBuffer | undefined
  readonly heapMb: number | undefined
  readonly namespace: string
  readonly env: Readonly<Record<string, string>> | undefined
}

/** How a thread ended. */
export interface Ending {
  /** In words, for errors. */
  readonly how: string
  readonly cause: unknown
  /** It was ended on purpose. */
  readonly condemned: boolean
}

/** A worker thread as the main thread sees it: its ports, its connections, its life. */
export class Host {
  readonly index: number
  readonly name: string
  readonly role: Role
  readonly bell: Bell
  readonly control: Remote<WorkerControl>
  readonly ledgerPort: MessagePort
  readonly threadId: number
  /** The client's end of the main thread's own connection. */
  readonly wire: Wire
  /** Its queue, once it has submitted a task. */
  queue: SharedArrayBuffer | undefined
  alive = true
  condemned = false
  /** It has taken tasks. */
  hasStarted = false
  /** Resolves when the thread is gone and all that it asked of the main thread has been heard. */
  readonly silent: Promise<void>
  /** Resolves true once it takes tasks, false if it died before. */
  readonly started: Promise<boolean>
  /** Channels in which it is the client, and in which it is the server, by the other's index. */
  readonly asClient = new Map<number, SharedArrayBuffer>()
  readonly asServer = new Map<number, SharedArrayBuffer>()
  private readonly thread: Worker
  private deathCause: unknown

  constructor(setup: HostSetup, service: object, told: (message: LedgerMessage) => void, exited: (host: Host, ending: Ending) => void) {
    this.index = setup.index
    this.name = setup.name
    this.role = setup.role
    const { role } = setup
    this.bell = new Bell(
      role.kind === 'pool' ? role.bells[role.place]! : new SharedArrayBuffer(layout.BELL_BYTES),
      new Int32Array(setup.pool),
    )
    // One that takes another's place takes its bell, which all others know.
    this.bell.words.fill(0)
    this.bell.words[layout.INDEX] = setup.index
    const data = new MessageChannel()
    const control = new MessageChannel()
    const head = new MessageChannel()
    const ledger = new MessageChannel()
    const channel = new SharedArrayBuffer(layout.CHANNEL_BYTES)
    this.wire = { index: setup.index, name: setup.name, bell: this.bell.memory, channel, port: data.port1 }
    const main: InletSetup = { index: 0, name: 'driver', bell: setup.mainBell, channel, port: data.port2, queue: setup.mainQueue }
    const workerData: WorkerData = {
      index: setup.index,
      firstId: setup.firstId,
      workerId: setup.name,
      role: setup.role,
      bell: this.bell.memory,
      pool: setup.pool,
      main,
      controlPort: control.port2,
      headPort: head.port2,
      ledgerPort: ledger.port2,
      timeOrigin: performance.timeOrigin,
      namespace: setup.namespace,
    }
    this.thread = new Worker(new URL('./thread.js', import.meta.url), {
      name: setup.name,
      workerData,
      transferList: [data.port2, control.port2, head.port2, ledger.port2],
      ...inheritedFlags(),
      ...(setup.env === undefined ? {} : { env: { ...process.env, ...setup.env } }),
      ...(setup.heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: setup.heapMb } }),
    })
    this.threadId = this.thread.threadId
    this.control = wrap<WorkerControl>(this.counted(control.port1))
    expose(service, this.counted(head.port1))
    this.silent = new Promise((resolve) => head.port1.once('close', resolve))
    this.ledgerPort = ledger.port1
    ledger.port1.on('message', told)
    let dead: (value: false) => void
    const died = new Promise<false>((resolve) => (dead = resolve))
    this.thread.on('error', (error) => (this.deathCause = error))
    this.thread.on('exit', (code) => {
      this.alive = false
      this.bell.remove()
      dead(false)
      const how = this.deathCause === undefined ? `exit code ${code}` : ''
      exited(this, { how, cause: this.deathCause, condemned: this.condemned })
      // The other end of `head` is closed by now; this one closes when it has been read.
      for (const port of [control.port1, ledger.port1]) port.close()
    })
    this.started = Promise.race([this.control.ready(), died])
    void this.started.then((took) => (this.hasStarted ||= took))
    // Only an outstanding `get` keeps the process alive.
    this.thread.unref()
    for (const port of [control.port1, head.port1, ledger.port1]) port.unref()
  }

  /** A port with one addition: each message is counted and rings the bell, since a worker asleep in Atomics.wait hears no port. */
  private counted(port: MessagePort) {
    const endpoint = nodeEndpoint(port)
    return {
      addEventListener: endpoint.addEventListener,
      removeEventListener: endpoint.removeEventListener,
      start: () => endpoint.start?.(),
      postMessage: (message: unknown, transfer?: Transferable[]) => {
        if (!this.alive) return
        // Counted before it is posted: the worker must not see fewer than there are.
        Atomics.add(this.bell.words, layout.CONTROL_SENT, 1)
        endpoint.postMessage(message, transfer ?? [])
        this.bell.ring()
      },
    }
  }

  /** Whether a worker for tasks may take some; PAUSE lends its CPU to somebody. */
  gate(state: typeof layout.OPEN | typeof layout.PAUSE): void {
    if (Atomics.exchange(this.bell.words, layout.GATE, state) !== state) this.bell.ring()
  }

  /** A worker for tasks that has none, or one that waits in `get`. */
  get idle(): boolean {
    const asleep = Atomics.load(this.bell.words, layout.ASLEEP)
    return asleep === layout.ASLEEP_TAKES || asleep === layout.LISTENS_TAKES
  }

  get heartbeat(): number {
    return Atomics.load(this.bell.words, layout.HEARTBEAT)
  }

  /** What others must not wait for or take from, once it is gone. */
  abandon(): void {
    if (this.queue !== undefined) closeQueue(this.queue)
    for (const channel of this.asClient.values()) {
      const words = new Int32Array(channel)
      Atomics.store(words, layout.CLIENT_GONE, 1)
      Atomics.notify(words, layout.REPLY_HEAD)
    }
  }

  /** Ends the thread, whatever it is doing. */
  terminate(): void {
    this.condemned = true
    void this.thread.terminate()
  }

  /** Ends the thread and waits until it is gone. */
  async close(): Promise<void> {
    this.condemned = true
    await this.thread.terminate()
  }
}

/**
 * A worker inherits the process's flags, except that those of a program given on the command line would make it refuse its
 * file. Naming flags for a worker in turn allows only some; what loads modules is what matters there.
 */
function inheritedFlags(): { execArgv?: string[] } {
  const flags = process.execArgv
  if (!flags.some((flag) => /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/.test(flag))) return {}
  const kept: string[] = []
  for (const [at, flag] of flags.entries()) {
    if (!/^(-r|-C|--import|--require|--loader|--experimental-loader|--conditions)(=|$)/.test(flag)) continue
    kept.push(flag)
    if (!flag.includes('=')) kept.push(flags[at + 1] ?? '')
  }
  return { execArgv: kept }
}
