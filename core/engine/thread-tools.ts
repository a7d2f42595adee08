import type { PlacementGroups } from '../api/placement-group.js'
import type { StateSource } from '../api/state.js'
import type { Headquarters } from '../control/headquarters.js'
import type { HistoryPart } from '../control/history.js'
import type { RefBook } from '../control/ref-book.js'
import type { ObjectStore } from '../store/object-store.js'
import type { OpenTask, RuntimeContext } from '../worker/context.js'
import type { STDERR, STDOUT } from '../worker/layout.js'
import type { Link } from '../worker/link.js'
import type { LocalEngine } from './local.js'
import type { Pump } from './pump.js'

/** What an engine needs of its thread. */
export interface ThreadTools {
  readonly index: number
  /** Shows the main thread what it needs to know of this thread's tasks when it is gone; the main thread's own goes with the program. */
  readonly history: ((part: HistoryPart) => void) | undefined
  /** Large objects of this thread. */
  readonly store: ObjectStore
  readonly poolWords: Int32Array
  readonly headquarters: Headquarters
  /** The next id; the thread's index is in its upper bits. */
  mint(): number
  book(engine: LocalEngine): RefBook
  /** What the thread does when there are no replies, and before it looks for some again. */
  rest(pump: Pump): void
  wake(): void
  /** The running task, if this is inside one. */
  current(): OpenTask | undefined
  context(): RuntimeContext
  /** A `get` of a task begins or ends. */
  waiting(task: OpenTask, by: 1 | -1): void
  /** The first task is about to be submitted: connects the workers. */
  connectPool(engine: LocalEngine): void
  /** The workers cannot reach this thread's memory: the main thread submits its tasks. */
  readonly entrusts: boolean
  /** Whether another thread lies in another process. */
  isApart(thread: number): boolean
  /** A worker has written something; `taskId` is 0 where no task is known to have. */
  output(link: Link, kind: typeof STDOUT | typeof STDERR, text: string, taskId: number): void
  readonly placementGroups: PlacementGroups
  resources(): Promise<{ total: Record<string, number>; available: Record<string, number> }>
  readonly state: StateSource
  ready(): Promise<void>
  shutdown(): Promise<void>
  exitActor(): never
  readonly namespace: string
}
