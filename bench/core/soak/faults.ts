/** The ways in which the soak does harm. Each checks that the victim itself ends with the error that the harm deserves. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ActorHandle,
  cancel,
  get,
  kill,
  type ObjectRef,
  remote,
  TaskCancelledError,
  TaskTimeoutError,
  WorkerCrashedError,
} from '../../../core/index.js'
import { type Ledger, nestedSum } from './work.js'

const module = import.meta.url
const GET_LIMIT_MS = 60_000

/** @param afterMs so that others share the thread when it ends */
export async function exitWorker(afterMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, afterMs))
  process.exit(7)
}

/** In small pieces: a single allocation far above the limit would end the whole process. */
export function fillHeap(): number {
  const kept: number[][] = []
  for (;;) kept.push(Array.from({ length: 1000 }, (_, i) => i + kept.length / 2))
}

export function loopForever(): never {
  for (;;);
}

/** An error that no task can be blamed for. */
export async function throwLater(): Promise<string> {
  setTimeout(() => {
    throw new Error('thrown from a timer, on purpose')
  }, 2)
  await sleep(20)
  return 'survived'
}

const once = { module, maxRetries: 0 }
const exiting = remote(exitWorker, once)
const filling = remote(fillHeap, once)
const looping = remote(loopForever, once)
const throwing = remote(throwLater, once)

type ErrorClass = abstract new (...args: never[]) => Error

async function endsWith(expected: ErrorClass, ref: ObjectRef): Promise<void> {
  const outcome = await get(ref, { timeoutMs: GET_LIMIT_MS }).catch((error: unknown) => error)
  if (!(outcome instanceof expected)) throw new Error(`the victim should have ended with ${expected.name}`, { cause: outcome })
}

export interface Victims {
  readonly ledgers: readonly ActorHandle<Ledger>[]
  /** In [0, 1). */
  readonly draw: () => number
}

export const faults: Readonly<Record<string, (victims: Victims) => Promise<void>>> = {
  'process.exit in a worker': ({ draw }) => endsWith(WorkerCrashedError, exiting.remote(20 * draw())),
  'out of memory': () => endsWith(WorkerCrashedError, filling.remote()),
  'endless loop, timeoutMs': ({ draw }) =>
    endsWith(TaskTimeoutError, looping.options({ timeoutMs: Math.ceil(50 + 200 * draw()) }).remote()),
  'error thrown from a timer': () => endsWith(WorkerCrashedError, throwing.remote()),
  'kill of an actor': ({ ledgers, draw }) => kill(ledgers[Math.floor(draw() * ledgers.length)], { noRestart: false }),
  'cancel with force': async ({ draw }) => {
    const ref = looping.remote()
    await sleep(50 * draw())
    await cancel(ref, { force: true })
    await endsWith(TaskCancelledError, ref)
  },
  'cancel of a tree of tasks': async ({ draw }) => {
    const ref = nestedSum.remote(0, 4096)
    await sleep(20 * draw())
    await cancel(ref, { recursive: true })
    // It may have been faster.
    const outcome = await get(ref, { timeoutMs: GET_LIMIT_MS }).catch((error: unknown) => error)
    if (outcome !== (4096 * 4095) / 2 && !(outcome instanceof TaskCancelledError))
      throw new Error('a cancelled tree should be cancelled or right', { cause: outcome })
  },
}
