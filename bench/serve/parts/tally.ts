/** What came back, and how long it took. */
export interface Measured {
  /** Answers a second. */
  readonly rate: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Shares of the answers: the default was given; the status was not 200, or there was no answer. */
  readonly defaults: number
  readonly refused: number
  /** What the load generator itself took of a core, µs a request. */
  readonly clientUs: number
}

export class Tally {
  readonly #latencies: number[] = []
  readonly #cpu = process.cpuUsage()
  #cpuMs = 0
  #requests = 0
  #defaults = 0
  #refused = 0

  count(latencyMs: number, status: string, body: string): void {
    this.#latencies.push(latencyMs)
    if (status !== '200') this.#refused++
    else if (body.includes('"default":true')) this.#defaults++
  }

  /** The load is over; @param requests all that were sent since this was made, those of the warm-up too */
  stop(requests: number): void {
    const { user, system } = process.cpuUsage(this.#cpu)
    this.#cpuMs = (user + system) / 1000
    this.#requests = requests
  }

  measured(seconds: number): Measured {
    const sorted = Float64Array.from(this.#latencies).sort()
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
    const share = (count: number) => (sorted.length === 0 ? 0 : count / sorted.length)
    return {
      rate: sorted.length / seconds,
      meanMs: sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      defaults: share(this.#defaults),
      refused: share(this.#refused),
      clientUs: (1000 * this.#cpuMs) / Math.max(1, this.#requests),
    }
  }
}

/** `1,234/s, p50 1.20 ms, p99 3.4 ms`, and what went wrong. */
export function shown({ rate, p50Ms, p99Ms, defaults, refused }: Measured): string {
  const wrong = defaults + refused > 0 ? `, ${(100 * defaults).toFixed(1)} % defaults, ${(100 * refused).toFixed(1)} % errors` : ''
  return `${Math.round(rate).toLocaleString('en')}/s, p50 ${p50Ms.toFixed(p50Ms < 1 ? 3 : 1)} ms, p99 ${p99Ms.toFixed(p99Ms < 10 ? 2 : 0)} ms${wrong}`
}

/** Answers that say something, a second: neither defaults nor errors. */
export function good({ rate, defaults, refused }: Measured): number {
  return rate * (1 - defaults - refused)
}
