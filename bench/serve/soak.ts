/**
 * A frontend with its state in a folder under the mixed load of serve-chaos, without its faults: its memory is small and stays where it
 * is. Rude clients, containers that misbehave and changes of what is served belong to the load; twice a minute come rushes.
 *
 *     npm run bench -- serve soak             15 minutes
 *     npm run bench -- serve soak 2 42        two minutes, with a seed of your own
 */
import { lineChart } from '../chart.js'
import { total } from './chaos/report.js'
import { Chaos } from './chaos/run.js'
import type { World } from './chaos/world.js'
import { markdownTable } from './parts/markdown.js'
import { looking, RUSH, rush } from './soak/besides.js'
import { type Minute, MOST_MEGABYTES, minuteOf, type Sample, type Verdict, verdictOf, WARM_SHARE } from './soak/verdict.js'

/** Named by itself only: it takes minutes. */
export const onlyByName = true

interface Soaked {
  readonly minutes: number
  readonly seed: number
  readonly answers: Readonly<Record<string, number>>
  readonly notes: Readonly<Record<string, number>>
  readonly violations: number
  readonly verdict: Verdict
  readonly eachMinute: readonly Minute[]
  readonly samples: readonly Sample[]
}

const SHOWN_EVERY_SECONDS = 60

/** @param args minutes (default 15) and a seed. Throws where an answer was wrong, late or missing; what memory did is told, and kept. */
export async function run([minutes = '15', seed = '1']: readonly string[] = []): Promise<Soaked> {
  if (!(Number(minutes) > 0) || !Number.isInteger(Number(seed)))
    throw new Error(`serve soak takes MINUTES and SEED, two numbers; got ${minutes} and ${seed}`)
  const milliseconds = 60_000 * Number(minutes)
  const samples: Sample[] = []
  const eachMinute: Minute[] = []
  let startedAt: number | undefined
  let early: number | undefined
  let shown = { samples: 0, answers: 0 }
  const sampled = async (sample: Sample, world: World) => {
    startedAt ??= performance.now()
    samples.push(sample)
    const elapsedMs = performance.now() - startedAt
    if (elapsedMs >= 1000 * SHOWN_EVERY_SECONDS * (eachMinute.length + 1)) {
      const minute = minuteOf(eachMinute.length + 1, samples.slice(shown.samples), shown.answers)
      shown = { samples: samples.length, answers: sample.answers }
      eachMinute.push(minute)
      console.log(`${lineOf(minute)}; ${world.report.violations.length} violations`)
    }
    // In the middle of the part that is not looked at: a collection more is a disturbance.
    if (early === undefined && elapsedMs > (milliseconds * WARM_SHARE) / 2) early = await world.frontend.inUse()
  }
  const chaos = await Chaos.make(Number(seed), false, [looking(sampled), rush])
  let late = 0
  const { answers, notes, violations } = await chaos.run(milliseconds, async ({ frontend }) => {
    late = await frontend.inUse()
  })
  console.table({ ...answers, ...notes })
  const verdict = verdictOf(samples, [early ?? late, late])
  for (const line of wordsOf(verdict)) console.log(line)
  if (violations.length > 0) throw new Error(`soak: ${violations.length} violations, seed ${seed}`)
  return { minutes: Number(minutes), seed: Number(seed), answers, notes, violations: 0, verdict, eachMinute, samples }
}

function lineOf(minute: Minute): string {
  const { frontendResident, frontendShare, floor, containerResident, containerShare, containers, containersShare } = minute
  const frontend = `frontend ${frontendResident} MB resident, ${frontendShare} PSS (floor ${floor})`
  const container = `the policy's container ${containerResident} and ${containerShare}`
  return `minute ${minute.minute}: ${minute.answers} answers; ${frontend}; ${container}; all ${containers} containers ${containersShare} PSS`
}

function wordsOf({ floors, floorRosePercent, inUse, inUseRosePercent, share, alone, isFlat, isSmall }: Verdict): string[] {
  const yes = (met: boolean) => (met ? 'yes' : '**no**')
  return [
    `At most ${MOST_MEGABYTES} MB (PSS of the frontend and one container, after the first ${100 * WARM_SHARE} %): ${share.median} in the median, ${share.most} at most: ${yes(isSmall)}. Pages of the program are shared with other Node processes, the load generator's among them: were there none, ${alone.median} and ${alone.most}.`,
    `Flat: the frontend's floor (${floors.join(', ')} MB) rose by ${floorRosePercent} %, its heap after a collection of garbage from ${inUse[0]} to ${inUse[1]} MB, ${inUseRosePercent} %; at most 5 %: ${yes(isFlat)}.`,
  ]
}

export function table({ minutes, seed, answers, verdict, eachMinute }: Soaked): string {
  const head = [
    'minute',
    'answers',
    'frontend, RSS',
    'frontend, PSS',
    'its floor, PSS',
    "the policy's container, RSS",
    'PSS',
    'containers',
    'PSS of all',
  ]
  const rows = eachMinute.map((one) => [
    one.minute,
    one.answers,
    one.frontendResident,
    one.frontendShare,
    one.floor,
    one.containerResident,
    one.containerShare,
    one.containers,
    one.containersShare,
  ])
  const notes = [
    `${total(answers).toLocaleString('en')} answers in ${minutes} minutes (seed ${seed}), each checked but those of rushes; none wrong, late or missing. MB of 1,048,576 bytes, medians of a minute.`,
    'The load: 12 clients ask over every API (single inputs and batches, feedback, Open Inference v2 in JSON and binary, TensorFlow Serving, server-sent events, WebSockets) eight applications, nine where there is NumPy:',
    'over a policy, functions, a Python class, and a container that breaks the protocol, with bandits and an ensemble. Three more are slow, hang up, never read or send nonsense; versions are published, promoted, rolled back, scaled and deleted;',
    `and every ${RUSH.everySeconds} s ${RUSH.connections} connections ask for ${RUSH.seconds} s as fast as they are answered. State in a folder; the log (4 Mi characters), the cache (16 MiB) and what waits for feedback (65,536 queries) are filled before.`,
    '',
    ...wordsOf(verdict),
  ]
  return `${markdownTable(head, rows)}\n${notes.join('\n')}\n`
}

/** Memory over time: what is not given back shows as a slope. */
export function chart({ samples }: Soaked): string {
  return lineChart({
    title: 'Memory during the soak: a frontend, and the container of its policy',
    x: 'seconds',
    y: 'MB',
    mark: { y: MOST_MEGABYTES, label: 'goal for both together, PSS' },
    lines: [
      { label: 'frontend, RSS', points: samples.map(({ seconds, frontend }) => [seconds, frontend.resident]) },
      { label: 'frontend, PSS', points: samples.map(({ seconds, frontend }) => [seconds, frontend.share]) },
      {
        label: 'container, PSS',
        points: samples.flatMap(({ seconds, container }) => (container ? [[seconds, container.share] as const] : [])),
      },
    ],
    namesBeside: true,
  })
}
