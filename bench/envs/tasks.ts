/**
 * Steps a second of the small tasks, random actions and resets included: one environment as `make` gives it, kernels of 8 to 4,096
 * environments on one core, and two threads with a kernel each. Arguments: words that the ids to run contain; default all.
 */
import { groupedBars } from '../grouped-bars.js'
import { type Measured, rate, shownRate, single, summary, TASKS, vector } from './rows/stepping.js'
import { SteppingThreads, THREADS } from './rows/stepping-threads.js'

const ROUNDS = 5
const WINDOW_MS = 120
const SIZES = [8, 1024, 4096] as const

interface TaskRow {
  env: string
  /** One environment. */
  single: Measured
  /** By the number of environments of a kernel. */
  native: Record<string, Measured>
  /** The sum over two threads, 1,024 environments each. */
  threads: Measured
}

async function onThreads(id: string): Promise<Measured> {
  const threads = await SteppingThreads.start('kernel', id)
  const rates: number[] = []
  for (let round = 0; round < ROUNDS; round++) rates.push(await threads.rate(WINDOW_MS))
  await threads.end()
  return summary(rates)
}

export async function run(words: readonly string[]): Promise<TaskRow[]> {
  console.log(
    `${'steps/s'.padEnd(28)}${['one', ...SIZES.map((n) => `×${n}`), `${THREADS} threads`].map((title) => title.padStart(12)).join('')}`,
  )
  const rows: TaskRow[] = []
  for (const id of TASKS) {
    if (words.length > 0 && !words.some((word) => id.includes(word))) continue
    const works = [single(id), ...SIZES.map((n) => vector(id, n))]
    for (const work of works) rate(work, WINDOW_MS)
    const rates: number[][] = works.map(() => [])
    for (let round = 0; round < ROUNDS; round++) for (const [k, work] of works.entries()) rates[k]!.push(rate(work, WINDOW_MS))
    const [one, ...natives] = rates.map(summary) as [Measured, ...Measured[]]
    const row = {
      env: id,
      single: one,
      native: Object.fromEntries(SIZES.map((n, k) => [n, natives[k]!])),
      threads: await onThreads(id),
    }
    rows.push(row)
    const shown = [one, ...natives, row.threads].map(({ median }) => shownRate(median).padStart(12))
    console.log(`${id.padEnd(28)}${shown.join('')}`)
  }
  return rows
}

export function chart(rows: readonly TaskRow[]): string {
  return groupedBars({
    title: 'Steps a second on one core, random actions, resets included',
    unit: 'steps/s',
    series: ['one environment', 'kernel of 8', 'kernel of 1,024'],
    groups: rows.map(({ env, native, single }) => ({ label: env, values: [single.median, native['8']!.median, native['1024']!.median] })),
  })
}
