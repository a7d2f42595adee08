import type { Remote } from 'comlink'
import type { LedgerMessage } from '../control/ref-book.js'
import type { ExitType } from '../control/rows.js'
import type { UsageMemory } from '../store/usage.js'
import { Bell } from './bell.js'
import type { WorkerControl } from './control.js'
import * as layout from './layout.js'
import type { Role, Wire, WorkerData } from './messages.js'
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
  readonly store: WorkerData['store']
  readonly env: Readonly<Record<string, string>> | undefined
  /** It lies in a process of its own: what it submits goes by the main thread. */
  readonly apart?: boolean
}

/** How a thread ended. */
export interface Ending {
  /** In words, for errors. */
  readonly how: string
  readonly cause: unknown
  /** It was ended on purpose. */
  readonly condemned: boolean
}

/** A worker as the main thread sees it: its connections and its life. It is a thread or a process. */
export abstract class Host {
  readonly index: number
  readonly name: string
  readonly role: Role
  readonly bell: Bell
  abstract readonly control: Remote<WorkerControl>
  /** 0 for a process. */
  abstract readonly threadId: number
  abstract readonly pid: number | undefined
  /** It lies in another process: no memory can be shared with it. */
  abstract readonly apart: boolean
  /** The client's end of the main thread's own connection. */
  abstract readonly wire: Wire
  /** Its queue, once it has submitted a task. */
  queue: SharedArrayBuffer | undefined
  /** What it holds in the object store. */
  readonly usage: UsageMemory
  alive = true
  condemned = false
  /** Set by whoever ends it, where that says more than that the runtime did. */
  exitType: ExitType | undefined = undefined
  /** Called when it is gone. */
  readonly leaving = new Set<() => void>()
  /** Takes what native code in a process prints. */
  printed: (kind: typeof layout.STDOUT | typeof layout.STDERR, text: string) => void = () => {}
  /** It has taken tasks. */
  hasStarted = false
  /** Resolves when the thread is gone and all that it asked of the main thread has been heard. */
  abstract readonly silent: Promise<void>
  /** Resolves true once it takes tasks, false if it died before. */
  abstract readonly started: Promise<boolean>
  /** Channels in which it is the client, and in which it is the server, by the other's index. */
  readonly asClient = new Map<number, SharedArrayBuffer>()
  readonly asServer = new Map<number, SharedArrayBuffer>()

  constructor(setup: HostSetup) {
    this.index = setup.index
    this.name = setup.name
    this.role = setup.role
    this.usage = setup.store.usage
    const { role } = setup
    this.bell = new Bell(
      role.kind === 'pool' ? role.bells[role.place]! : new SharedArrayBuffer(layout.BELL_BYTES),
      new Int32Array(setup.pool),
    )
    // One that takes another's place takes its bell, which all others know.
    this.bell.words.fill(0)
    this.bell.words[layout.INDEX] = setup.index
  }

  /** Reports that have come and were not read. */
  abstract reports(): Iterable<LedgerMessage>

  /** Ends it, whatever it is doing. */
  abstract terminate(): void

  /** Ends it and waits until it is gone. */
  abstract close(): Promise<void>

  /** Whether a worker for tasks may take some; PAUSE lends its CPU to somebody. */
  gate(state: typeof layout.OPEN | typeof layout.PAUSE): void {
    if (Atomics.exchange(this.bell.words, layout.GATE, state) !== state) this.bell.ring()
  }

  /** A worker for tasks that has none, or one that waits in `get`. */
  get idle(): boolean {
    const asleep = Atomics.load(this.bell.words, layout.ASLEEP)
    return asleep === layout.ASLEEP_TAKES || asleep === layout.LISTENS_TAKES
  }

  /** Whether the task that was begun last, and is not over, is a thread's. */
  runsFor(client: number): boolean {
    return Atomics.load(this.bell.words, layout.RUNS_FOR) === client + 1
  }

  /** Awake or asleep, it runs nothing. */
  get free(): boolean {
    return this.idle || (this.hasStarted && Atomics.load(this.bell.words, layout.RUNS_FOR) === 0)
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
}
