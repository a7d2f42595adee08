/**
 * Five models, of which the best degrades for a quarter of the run and heals (Clipper, NSDI'17, figure 8): Exp3, which asks one model a
 * query, and Exp4, which lets all vote by weight, against each model alone. Every query goes through a server and is followed by
 * feedback with the right class.
 *
 * The models classify the same ten classes, each by a sensor of its own; the best one's sensor gives noise while it is broken.
 */
import { npRandom } from 'gymnura/envs'
import { connect, serve } from 'gymnura/serve'
import { lineChart } from '../chart.js'
import { classifierOptions, fittedMeans, type Labelled, nearestMean, normals, points } from './parts/classifiers.js'

const SEEDS = [1, 2, 3]
const CLASSES = 10
const SENSOR = 8
/** Noise of each sensor: the last is the best. */
const NOISE = [1.5, 1.4, 1.3, 1.2, 1]
const TRAINING = 2_000
const QUERIES = 20_000
const BREAKS = 5_000
const HEALS = 10_000
/** A point of the chart. */
const EVERY = 500
const BANDITS = ['exp3', 'exp4'] as const
const names = [...NOISE.map((_, i) => `model ${i + 1}`), ...BANDITS]

interface Point {
  /** Queries so far. */
  readonly queries: number
  /** The mean error since the beginning, and of the last 500 queries, by who answers. */
  readonly cumulative: Readonly<Record<string, number>>
  readonly recent: Readonly<Record<string, number>>
}

/** The sensors' view of one thing. */
function sampler(seed: number) {
  const [generator] = npRandom(seed)
  const centres = NOISE.map(() => points(generator, CLASSES, SENSOR))
  return (broken: boolean): Labelled => {
    const label = Math.floor(generator.random() * CLASSES)
    const input = NOISE.flatMap((noise, sensor) => {
      const seen = normals(generator, SENSOR, noise)
      if (broken && sensor === NOISE.length - 1) return seen
      return seen.map((value, i) => value + centres[sensor]![label]![i]!)
    })
    return { input, label }
  }
}

async function play(seed: number): Promise<Point[]> {
  const sample = sampler(seed)
  const training = Array.from({ length: TRAINING }, () => sample(false))
  const models = NOISE.map((_, sensor) => {
    const from = sensor * SENSOR
    return nearestMean(fittedMeans(training, CLASSES, from, from + SENSOR), from)
  })
  const server = await serve({ port: 0, allow: ['function'], logLevel: 'error' })
  const client = connect(server.url)
  try {
    for (const [i, { source }] of models.entries()) await server.publish(`model-${i + 1}`, source, classifierOptions(NOISE.length * SENSOR))
    for (const selection of BANDITS) {
      await server.registerApplication({ name: selection, defaultOutput: -1, sloMs: 10_000, selection })
      for (let i = 1; i <= models.length; i++) await server.link(selection, `model-${i}`)
    }
    const wrong = Object.fromEntries(names.map((name) => [name, { all: 0, recent: 0 }]))
    const count = (name: string, isWrong: boolean) => {
      wrong[name]!.all += Number(isWrong)
      wrong[name]!.recent += Number(isWrong)
    }
    const points: Point[] = []
    for (let query = 1; query <= QUERIES; query++) {
      const { input, label } = sample(query > BREAKS && query <= HEALS)
      for (const [i, { predict }] of models.entries()) count(`model ${i + 1}`, predict(input) !== label)
      await Promise.all(
        BANDITS.map(async (name) => {
          const { output, queryId } = await client.predict(name, input)
          count(name, output !== label)
          await client.feedback(name, { queryId, label })
        }),
      )
      if (query % EVERY > 0) continue
      const read = (of: (counts: { all: number; recent: number }) => number) =>
        Object.fromEntries(Object.entries(wrong).map(([name, counts]) => [name, of(counts)]))
      points.push({ queries: query, cumulative: read(({ all }) => all / query), recent: read(({ recent }) => recent / EVERY) })
      for (const counts of Object.values(wrong)) counts.recent = 0
    }
    return points
  } finally {
    client.close()
    await server.close()
  }
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

function meanOf(runs: readonly (readonly Point[])[]): Point[] {
  return runs[0]!.map(({ queries }, at) => {
    const read = (which: 'cumulative' | 'recent') =>
      Object.fromEntries(names.map((name) => [name, mean(runs.map((points) => points[at]![which][name]!))]))
    return { queries, cumulative: read('cumulative'), recent: read('recent') }
  })
}

/** The mean error over the queries from `from` to `to`. */
const between = (rows: readonly Point[], name: string, from: number, to: number) =>
  mean(rows.filter(({ queries }) => queries > from && queries <= to).map(({ recent }) => recent[name]!))

export async function run(): Promise<Point[]> {
  const runs: Point[][] = []
  for (const seed of SEEDS) {
    runs.push(await play(seed))
    const last = runs.at(-1)!.at(-1)!
    console.log(`seed ${seed}: mean error of all queries ${names.map((name) => `${name} ${last.cumulative[name]!.toFixed(3)}`).join(', ')}`)
  }
  const rows = meanOf(runs)
  const healed = (name: string) => between(rows, name, QUERIES - BREAKS, QUERIES)
  const broken = (name: string) => between(rows, name, HEALS - BREAKS / 2, HEALS)
  const others = names.slice(0, NOISE.length - 1)
  // What the figure is for: neither stays with the broken model, and both find it again.
  for (const name of BANDITS) {
    if (!(broken(name) < broken(names[NOISE.length - 1]!))) throw new Error(`${name} stays with the model that is broken`)
    if (!(healed(name) < Math.min(...others.map(healed)))) throw new Error(`${name} does not come back to the model that has healed`)
  }
  return rows
}

export function table(rows: Point[]): string {
  const phases = [
    ['before', 0, BREAKS],
    ['broken, first half', BREAKS, (BREAKS + HEALS) / 2],
    ['broken, second half', (BREAKS + HEALS) / 2, HEALS],
    ['healed, first 5,000', HEALS, HEALS + BREAKS],
    ['healed, last 5,000', QUERIES - BREAKS, QUERIES],
    ['all', 0, QUERIES],
  ] as const
  const head = `| error | ${phases.map(([phase]) => phase).join(' | ')} |\n|${' --- |'.repeat(phases.length + 1)}`
  const lines = names.map((name) => `| ${name} | ${phases.map(([, from, to]) => between(rows, name, from, to).toFixed(3)).join(' | ')} |`)
  const told = `Share of wrong classes, mean of ${SEEDS.length} runs of ${QUERIES.toLocaleString('en-US')} queries, each followed by feedback; model 5's sensor is broken from query ${BREAKS.toLocaleString('en-US')} to ${HEALS.toLocaleString('en-US')}. Default learning rates.`
  return `${told}\n\n${head}\n${lines.join('\n')}\n`
}

export function chart(rows: Point[]): string {
  const lines = names.map((label) => ({ label, points: rows.map(({ queries, cumulative }) => [queries, cumulative[label]!] as const) }))
  return lineChart({ title: 'Model 5 breaks at 5,000 and heals at 10,000', x: 'queries', y: 'mean error so far', lines, namesBeside: true })
}
