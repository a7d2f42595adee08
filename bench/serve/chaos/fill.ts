import { setTimeout as sleep } from 'node:timers/promises'
import { TROUBLES } from './models.js'
import type { World } from './world.js'

/** A second of a container's lines is 200 of at most 4,000 characters, and the log keeps 4 Mi (serve/log). */
const FLOODS = 8
const FLOOD_EVERY_MS = 1_100
/** More inputs than the cache holds. */
const BATCHES = 400
const BATCH = 500
/** As many as wait for feedback (serve/query/feedback.ts). */
const ONES = 65_536
const AT_ONCE = 12

/** Asks so much that the log, the cache and what waits for feedback are full: from then on nothing may grow. */
export async function fill(world: World): Promise<void> {
  for (let flood = 0; flood < FLOODS; flood++) {
    await world.call('/trouble/predict', JSON.stringify({ input: [flood, 0, 0, TROUBLES['floods its standard error']] }))
    await sleep(FLOOD_EVERY_MS)
  }
  for (let batch = 0; batch < BATCHES; batch++) {
    const inputs = Array.from({ length: BATCH }, (_, row) => [batch, row, -1, (row % 9) - 4])
    await world.call('/fn/predict', JSON.stringify({ input_batch: inputs }))
  }
  // One by one, which takes more: each has an answer of its own to be kept.
  let asked = 0
  const ask = async () => {
    while (asked++ < ONES) await world.call('/bandit/predict', JSON.stringify({ input: [asked, -2, 0, 0] }))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, ask))
}
