const MOST_SHOWN = 20

/** What happened, and what should not have. */
export class Report {
  readonly answers: Record<string, number> = {}
  readonly faults: Record<string, number> = {}
  readonly notes: Record<string, number> = {}
  readonly violations: string[] = []
  /** How long after its objective the latest answer came, ms. */
  latestMs = 0
  readonly latenciesMs: number[] = []
  #refusedCount = 0
  readonly #since = performance.now()

  get seconds(): number {
    return (performance.now() - this.#since) / 1000
  }

  count(what: keyof Pick<Report, 'answers' | 'faults' | 'notes'>, name: string, by = 1): void {
    this[what][name] = (this[what][name] ?? 0) + by
  }

  violation(text: string): void {
    this.violations.push(text)
    if (++this.#refusedCount <= MOST_SHOWN) console.log(`  VIOLATION at ${this.seconds.toFixed(1)} s: ${text}`)
  }

  answered(kind: string, tookMs: number, objectiveMs: number): void {
    this.count('answers', kind)
    this.latenciesMs.push(tookMs)
    this.latestMs = Math.max(this.latestMs, tookMs - objectiveMs)
  }
}

export const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0)
