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

/** After the first part, in which caches fill, it is looked at in halves: what is left after collections of garbage must not grow. */
const WARM_SHARE = 1 / 5
const MOST_GROWTH = 1.1

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

/** What is in use when garbage has been collected. */
const floor = (values: readonly number[]) => Math.min(...values)

/** @param args minutes (default 15) and a seed. Throws where an answer was wrong or missing, or memory grew. */
export async function run([minutes = '15', seed = '1']: readonly string[] = []): Promise<object> {
  const chaos = await Chaos.make(Number(seed), false)
  const { answers, notes, violations, seconds } = await chaos.run(60_000 * Number(minutes))
  const { samples } = chaos
  const warm = samples.slice(Math.floor(samples.length * WARM_SHARE))
  const half = warm.length >> 1
  const resident = warm.map((sample) => sample.megabytes)
  const share = warm.map((sample) => sample.shareMegabytes)
  const megabytes = {
    floor: [floor(resident.slice(0, half)), floor(resident.slice(half))],
    median: median(resident),
    most: Math.max(...resident),
    share: { floor: floor(share), median: median(share), most: Math.max(...share) },
  }
  console.table({ ...answers, ...notes })
  console.log(`memory, MB, after the first ${Math.round(seconds * WARM_SHARE)} s: ${JSON.stringify(megabytes)}`)
  if (violations.length > 0) throw new Error(`soak: ${violations.length} violations, seed ${seed}`)
  const [early, late] = megabytes.floor
  if (late > MOST_GROWTH * early) throw new Error(`soak: what is in use grew from ${early} to ${late} MB`)
  return { minutes: Number(minutes), seed: Number(seed), answers: total(answers), megabytes, samples }
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
