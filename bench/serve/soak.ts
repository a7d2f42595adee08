/**
 * A frontend with its state in a folder under the mixed load of serve-chaos, without its faults: its memory stays where it is.
 *
 *     npm run bench -- serve soak             15 minutes
 *     npm run bench -- serve soak 2 42        two minutes, with a seed of your own
 *
 * Rude clients, containers that misbehave and changes of what is served belong to the load.
 */
import { lineChart } from '../chart.js'
import { total } from './chaos/report.js'
import { Chaos, type Sample } from './chaos/run.js'

/** Named by itself only: it takes minutes. */
export const onlyByName = true

/** The memory at the end is compared with that after the first part, in which caches fill. */
const WARM_SHARE = 1 / 3
const MOST_GROWTH = 1.1

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** @param args minutes (default 15) and a seed. Throws where an answer was wrong or missing, or memory grew. */
export async function run([minutes = '15', seed = '1']: readonly string[] = []): Promise<object> {
  const chaos = await Chaos.make(Number(seed), false)
  const { answers, notes, violations, seconds } = await chaos.run(60_000 * Number(minutes))
  const { samples } = chaos
  const megabytes = samples.map((sample) => sample.megabytes)
  const share = median(samples.map((sample) => sample.shareMegabytes))
  const from = Math.floor(samples.length * WARM_SHARE)
  const part = Math.ceil((samples.length - from) / 4)
  const [early, late, most] = [median(megabytes.slice(from, from + part)), median(megabytes.slice(-part)), Math.max(...megabytes)]
  console.table({ ...answers, ...notes })
  console.log(
    `memory: ${share} MB is its share, where pages are shared with other processes; resident are ${early} MB after ${Math.round(seconds * WARM_SHARE)} s, ${late} MB at the end, ${most} MB at most`,
  )
  if (violations.length > 0) throw new Error(`soak: ${violations.length} violations, seed ${seed}`)
  if (late > MOST_GROWTH * early) throw new Error(`soak: memory grew from ${early} to ${late} MB`)
  return { minutes: Number(minutes), seed: Number(seed), answers: total(answers), megabytes: { early, late, most, share }, samples }
}

/** Memory over time: what is not given back shows as a slope. */
export function chart({ samples }: { readonly samples: readonly Sample[] }): string {
  return lineChart({
    title: 'Memory of a frontend during the soak',
    x: 'seconds',
    y: 'MB',
    lines: [
      { label: 'resident memory', points: samples.map(({ seconds, megabytes }) => [seconds, megabytes]) },
      { label: 'its share of what is shared', points: samples.map(({ seconds, shareMegabytes }) => [seconds, shareMegabytes]) },
    ],
  })
}
