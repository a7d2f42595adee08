import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** So many bytes of shared memory may be let go before a thread collects, or as many as its heap has, if that is more. */
const COLLECT_AFTER_BYTES = 256 * 1024 * 1024
let sinceCollection = 0
let collect: (() => void) | undefined

/**
 * V8 does not count shared memory when it decides to collect, so what a thread has let go of would stay until memory runs
 * out. We count, and collect once in a while: a collection takes time in proportion to the heap, so the larger the heap the rarer.
 */
export function letGo(bytes: number): void {
  sinceCollection += bytes
  if (sinceCollection >= COLLECT_AFTER_BYTES && sinceCollection >= getHeapStatistics().used_heap_size) collectNow()
}

export function collectNow(): void {
  sinceCollection = 0
  collect ??= collector()
  collect?.()
}

/** V8 says what it has collected in later turns of the event loop; what that lets go of is collected the next time. */
const TURN_MS = 10

/** Collects until what was held by what is gone is gone too. A thread that sleeps between messages stays awake for it. */
export async function collectThoroughly(): Promise<void> {
  underWay ??= collectTwice()
  await underWay
  underWay = undefined
}

let underWay: Promise<void> | undefined

async function collectTwice(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    collectNow()
    await new Promise((resolve) => setTimeout(resolve, TURN_MS))
  }
}

/** Flags belong to the whole process: another thread that does the same may take the flag back in between. */
const TRIES = 50

/** V8's own collection; a context that is made while the flag is set can call it. Undefined: not this time. */
function collector(): (() => void) | undefined {
  for (let i = 0; i < TRIES; i++) {
    setFlagsFromString('--expose-gc')
    const found = runInNewContext('globalThis.gc') as (() => void) | undefined
    setFlagsFromString('--no-expose-gc')
    if (found !== undefined) return found
  }
  return undefined
}
