/**
 * CLOCK against LRU as the eviction of the prediction cache: time of a look-up with what it leads to, and hit ratio, over keys drawn by
 * Zipf's law, with room for a tenth of them.
 */
import { LRUCache } from 'lru-cache'
import { ClockCache } from '../../serve/query/clock-cache.js'

const KEYS = 200_000
const ROOM = 20_000
const LOOKUPS = 2_000_000
const ENTRY_BYTES = 200
const SKEWS = [0.7, 1, 1.2]

/** Numbers below `KEYS`, the k-th as often as 1 / (k + 1)^skew. */
function zipf(skew: number): Uint32Array {
  const sums = new Float64Array(KEYS)
  let sum = 0
  for (let k = 0; k < KEYS; k++) sums[k] = sum += 1 / (k + 1) ** skew
  return Uint32Array.from({ length: LOOKUPS }, () => {
    const wanted = Math.random() * sum
    let [low, high] = [0, KEYS - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! < wanted) low = middle + 1
      else high = middle
    }
    return low
  })
}

interface Cache {
  get(key: string): object | undefined
  put(key: string, value: object): void
}

const policies: Readonly<Record<string, () => Cache>> = {
  CLOCK: () => {
    const cache = new ClockCache<object>(ROOM * ENTRY_BYTES)
    return { get: (key) => cache.get(key), put: (key, value) => cache.set(key, value, ENTRY_BYTES) }
  },
  LRU: () => {
    const cache = new LRUCache<string, object>({ maxSize: ROOM * ENTRY_BYTES })
    return { get: (key) => cache.get(key), put: (key, value) => void cache.set(key, value, { size: ENTRY_BYTES }) }
  },
}

export async function run() {
  const keys = Array.from({ length: KEYS }, (_, k) => `1:${k}`.padEnd(18, '\u0001'))
  const value = {}
  const rows = []
  for (const skew of SKEWS) {
    const drawn = zipf(skew)
    for (const [policy, make] of [...Object.entries(policies), ...Object.entries(policies)]) {
      const cache = make()
      let hits = 0
      const startedAt = performance.now()
      for (const k of drawn) {
        if (cache.get(keys[k]!) !== undefined) hits++
        else cache.put(keys[k]!, value)
      }
      const nsEach = ((performance.now() - startedAt) * 1e6) / LOOKUPS
      rows.push({ policy, skew, nsEach, hitRatio: hits / LOOKUPS })
      console.log(`${policy.padEnd(6)} skew ${skew}: ${nsEach.toFixed(0)} ns a look-up, ${((100 * hits) / LOOKUPS).toFixed(1)} % hits`)
    }
  }
  return rows
}
