/**
 * Personalised selection (Clipper, NSDI'17, section 5.3 and figure 10): users of eight dialects, a model for each dialect and one for
 * all. A bandit with a state for each user against one that all share, and against the models that never change: the one for all, and
 * the one of the user's own dialect, which nobody knows beforehand. Every query goes through a server and is followed by feedback.
 */
import { npRandom } from 'gymnura/envs'
import { connect, serve } from 'gymnura/serve'
import { lineChart } from '../chart.js'
import { classifierOptions, fittedMeans, type Labelled, nearestMean, normals, plus, points } from './parts/classifiers.js'

const SEED = 7
const DIALECTS = 8
const CLASSES = 10
const LENGTH = 12
/** How far dialects lie apart, and how noisy speakers are; the classes lie 1 apart. */
const DIALECT = 1.4
const NOISE = 1.8
const TRAINING_A_DIALECT = 800
const USERS = 400
const QUERIES_A_USER = 40
/** Few queries a user: what is learned has to be learned fast. The same for both. */
const SELECTION = { policy: 'exp4', learningRate: 0.5 } as const
const WAYS = ['a state for each user', 'one state for all', 'the model for all', "the dialect's own model"] as const
type Way = (typeof WAYS)[number]

interface Point {
  /** Feedback that the user has given before. */
  readonly feedback: number
  readonly error: Readonly<Record<Way, number>>
}

function speakers() {
  const [generator] = npRandom(SEED)
  const words = points(generator, CLASSES, LENGTH)
  const dialects = Array.from({ length: DIALECTS }, () => points(generator, CLASSES, LENGTH, DIALECT))
  return (dialect: number): Labelled => {
    const label = Math.floor(generator.random() * CLASSES)
    return { input: plus(plus(words[label]!, dialects[dialect]![label]!), normals(generator, LENGTH, NOISE)), label }
  }
}

export async function run(): Promise<Point[]> {
  const speak = speakers()
  const training = Array.from({ length: DIALECTS }, (_, dialect) => Array.from({ length: TRAINING_A_DIALECT }, () => speak(dialect)))
  const fitted = (samples: readonly Labelled[]) => nearestMean(fittedMeans(samples, CLASSES, 0, LENGTH), 0)
  const own = training.map(fitted)
  const common = fitted(training.flat())
  const server = await serve({ port: 0, allow: ['function'], logLevel: 'error' })
  const client = connect(server.url)
  try {
    const models = [...own, common].map(({ source }, i) => [i < DIALECTS ? `dialect-${i + 1}` : 'all', source] as const)
    for (const [name, source] of models) await server.publish(name, source, classifierOptions(LENGTH))
    for (const application of ['personal', 'shared']) {
      await server.registerApplication({ name: application, defaultOutput: -1, sloMs: 10_000, selection: SELECTION })
      for (const [name] of models) await server.link(application, name)
    }
    const ask = async (application: string, { input, label }: Labelled, user?: string) => {
      const { output, queryId } = await client.predict(application, input, { user })
      await client.feedback(application, { queryId, label })
      return output !== label
    }
    const rows: Point[] = []
    // All users in turns: a shared state hears all dialects at once.
    for (let feedback = 0; feedback < QUERIES_A_USER; feedback++) {
      const wrong = Object.fromEntries(WAYS.map((way) => [way, 0])) as Record<Way, number>
      for (let user = 0; user < USERS; user++) {
        const dialect = user % DIALECTS
        const said = speak(dialect)
        const [personal, shared] = await Promise.all([ask('personal', said, `user-${user}`), ask('shared', said)])
        wrong['a state for each user'] += Number(personal)
        wrong['one state for all'] += Number(shared)
        wrong['the model for all'] += Number(common.predict(said.input) !== said.label)
        wrong["the dialect's own model"] += Number(own[dialect]!.predict(said.input) !== said.label)
      }
      const error = Object.fromEntries(WAYS.map((way) => [way, wrong[way] / USERS])) as Record<Way, number>
      rows.push({ feedback, error })
    }
    const late = (way: Way) => errorOf(rows, way, QUERIES_A_USER / 2, QUERIES_A_USER)
    console.log(WAYS.map((way) => `${way}: ${late(way).toFixed(3)} wrong in the second half`).join(', '))
    // What the figure is for.
    if (!(late('a state for each user') < late('one state for all'))) throw new Error('a state for each user is no better than one for all')
    return rows
  } finally {
    client.close()
    await server.close()
  }
}

function errorOf(rows: readonly Point[], way: Way, from: number, to: number): number {
  const part = rows.filter(({ feedback }) => feedback >= from && feedback < to)
  return part.reduce((sum, { error }) => sum + error[way], 0) / part.length
}

export function table(rows: Point[]): string {
  const phases = [
    ['first query', 0, 1],
    ['after 1 to 4', 1, 5],
    ['5 to 9', 5, 10],
    ['10 to 19', 10, 20],
    ['20 to 39', 20, 40],
  ] as const
  const head = `| error | ${phases.map(([phase]) => phase).join(' | ')} |\n|${' --- |'.repeat(phases.length + 1)}`
  const lines = WAYS.map((way) => `| ${way} | ${phases.map(([, from, to]) => errorOf(rows, way, from, to).toFixed(3)).join(' | ')} |`)
  const told = `Share of wrong classes by how much feedback the user has given: ${USERS} users of ${DIALECTS} dialects, ${QUERIES_A_USER} queries each, ${DIALECTS + 1} models, Exp4 with learning rate ${SELECTION.learningRate}.`
  return `${told}\n\n${head}\n${lines.join('\n')}\n`
}

/** Means of a few points: those of one query a user are rough. */
const SMOOTHED = 2

export function chart(rows: Point[]): string {
  const lines = WAYS.map((label) => ({
    label,
    points: rows.map(({ feedback }) => [feedback, errorOf(rows, label, feedback - SMOOTHED, feedback + SMOOTHED + 1)] as const),
  }))
  return lineChart({
    title: 'Personalised selection, 8 dialects',
    x: 'feedback that the user has given',
    y: 'error',
    lines,
    namesBeside: true,
  })
}
