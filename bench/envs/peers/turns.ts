/** Measuring several in turn, so that what else the machine does hits all of them alike. */
import { type Measured, shownRate, summary } from '../rows/stepping.js'

const WINDOW_MS = Number(process.env.BENCH_WINDOW_MS ?? 250)
const ROUNDS = Number(process.env.BENCH_WINDOWS ?? 5)
export const settings = { windowMs: WINDOW_MS, rounds: ROUNDS }

/** One who answers a question: how many steps a second of this? */
export interface Contender {
  readonly question: string
  readonly name: string
  measure(milliseconds: number): number | Promise<number>
}

export interface Answer {
  gymnura: Measured
  peers: Record<string, Measured>
  /** The fastest of them, and ours by its, medians. Null where there is none. */
  best: string | null
  ratio: number | null
}

/**
 * All windows of all contenders in turn; answers by question. Who fails at the first time, which also compiles, is told and left out.
 *
 * @param title what messages call it
 */
export async function inTurns(title: string, contenders: readonly Contender[]): Promise<Map<string, Answer>> {
  const rates = new Map<Contender, number[]>()
  for (const contender of contenders) {
    try {
      await contender.measure(WINDOW_MS)
      rates.set(contender, [])
    } catch (error) {
      console.log(`${title}: ${error instanceof Error ? error.message : error}; left out`)
    }
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const [contender, own] of rates) own.push(await contender.measure(WINDOW_MS))
  }
  const questions = new Set(Array.from(rates.keys(), ({ question }) => question))
  return new Map(Array.from(questions, (question) => [question, answered(question, rates)]))
}

function answered(question: string, rates: ReadonlyMap<Contender, readonly number[]>): Answer {
  const own = Array.from(rates).filter(([contender]) => contender.question === question)
  const measured = new Map(own.map(([{ name }, values]) => [name, summary(values)]))
  const gymnura = measured.get('gymnura')
  if (!gymnura) throw new Error(`gymnura has no figure for ${question}`)
  measured.delete('gymnura')
  return compared(gymnura, Object.fromEntries(measured))
}

export function compared(gymnura: Measured, peers: Record<string, Measured>): Answer {
  const best = Object.entries(peers).toSorted(([, a], [, b]) => b.median - a.median)[0]
  return { gymnura, peers, best: best?.[0] ?? null, ratio: best ? gymnura.median / best[1].median : null }
}

export function shownRatio(ratio: number | null): string {
  return ratio === null ? '' : `${ratio.toFixed(ratio < 10 ? 2 : 0)}×`
}

export function printAnswer(env: string, title: string, { gymnura, peers, ratio }: Answer): void {
  const others = Object.entries(peers).map(([name, { median }]) => `${name} ${shownRate(median)}`)
  console.log(
    `${env.padEnd(28)}${title.padEnd(11)}${shownRate(gymnura.median).padStart(9)}${shownRatio(ratio).padStart(9)}   ${others.join(', ')}`,
  )
}
