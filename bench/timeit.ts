/**
 * Calls a second as Ray's `timeit` takes them: a warm-up, then windows of which mean and spread are told.
 * Set BENCH_WARM_UP_MS, BENCH_WINDOW_MS and BENCH_WINDOWS for another length than Ray's 1,000, 2,000 and 4.
 */
export interface Row {
  readonly name: string
  readonly unit: string
  readonly mean: number
  readonly sd: number
}

/** What is timed. `work` counts as `calls` calls (1 unless told). */
export interface Timed {
  readonly name: string
  readonly work: () => Promise<unknown>
  readonly calls?: number
  readonly unit?: string
}

export const windows = {
  warmUpMs: Number(process.env.BENCH_WARM_UP_MS ?? 1000),
  windowMs: Number(process.env.BENCH_WINDOW_MS ?? 2000),
  count: Number(process.env.BENCH_WINDOWS ?? 4),
}

/**
 * Times one thing, or several against each other: their windows alternate, so what else the machine does hits all of them alike.
 * Prints a line each.
 */
export async function timeit(...timed: readonly Timed[]): Promise<Row[]> {
  const steps: number[] = []
  for (const { work } of timed) {
    let warm = 0
    for (const end = performance.now() + windows.warmUpMs; performance.now() < end; warm++) await work()
    // The clock is read ten times a second, not at every call.
    steps.push(Math.floor(warm / 10) + 1)
  }
  const rates: number[][] = timed.map(() => [])
  for (let window = 0; window < windows.count; window++) {
    for (const [i, { work, calls = 1 }] of timed.entries()) {
      const start = performance.now()
      let count = 0
      for (; performance.now() - start < windows.windowMs; count += steps[i]) {
        for (let step = 0; step < steps[i]; step++) await work()
      }
      rates[i].push((1000 * calls * count) / (performance.now() - start))
    }
  }
  return timed.map(({ name, unit = '/s' }, i) => {
    const row = { name, unit, ...spread(rates[i]) }
    printRow(row)
    return row
  })
}

/**
 * Times things that take half a second a call, turn and turn about: median ± half the interquartile range of single calls. For what a
 * window is too coarse for, as work with fresh memory: what the machine gives for the first time takes four times as long.
 */
export async function timeTurns(turns: number, ...timed: readonly Timed[]): Promise<Row[]> {
  const rates: number[][] = timed.map(() => [])
  for (let turn = 0; turn < turns; turn++) {
    for (const [i, { work, calls = 1 }] of timed.entries()) {
      const start = performance.now()
      await work()
      rates[i].push((1000 * calls) / (performance.now() - start))
      // What is not used any more is freed in a turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return timed.map(({ name, unit = '/s' }, i) => {
    const sorted = rates[i].sort((a, b) => a - b)
    const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]
    const row = { name, unit, mean: at(0.5), sd: (at(0.75) - at(0.25)) / 2 }
    printRow(row)
    return row
  })
}

/** Mean and standard deviation of all of them, as numpy's `mean` and `std`. */
export function spread(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length
  return { mean, sd: Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length) }
}

export function printRow({ name, unit, mean, sd }: Row): void {
  console.log(`${name.padEnd(46)} ${figure(mean).padStart(12)} ± ${figure(sd)} ${unit}`)
}

/** A number with as many digits as it is worth. */
export function figure(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2 })
}
