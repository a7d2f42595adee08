/** Where progress goes: a terminal gets one line rewritten in place, a pipe plain lines at a slower pace. */
export interface ProgressSink {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export interface ProgressState {
  readonly steps: number
  readonly totalSteps: number
  readonly meanReturn: number | undefined
}

const TERMINAL_INTERVAL_MS = 100
const PIPE_INTERVAL_MS = 2_000

const thousands = (value: number) => Math.round(value).toLocaleString('en-US')

/** Seconds as a person reads them: `8 s`, `3 min 20 s`, `2 h 5 min`. */
function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}

/** Shows steps, steps a second, the mean return of the last episodes and the time left. */
export class Progress {
  readonly #sink: ProgressSink
  readonly #startedAt = performance.now()
  readonly #startSteps: number
  #shownAt = Number.NEGATIVE_INFINITY
  #lineOpen = false

  constructor(startSteps = 0, sink: ProgressSink = process.stderr) {
    this.#startSteps = startSteps
    this.#sink = sink
  }

  update(state: ProgressState): void {
    const interval = this.#sink.isTTY ? TERMINAL_INTERVAL_MS : PIPE_INTERVAL_MS
    const now = performance.now()
    if (now - this.#shownAt < interval) return
    this.#shownAt = now
    this.#show(state)
  }

  /** Shows the last state and ends the line. */
  finish(state: ProgressState): void {
    this.#show(state)
    if (this.#lineOpen) this.#sink.write('\n')
    this.#lineOpen = false
  }

  #show({ steps, totalSteps, meanReturn }: ProgressState): void {
    const seconds = (performance.now() - this.#startedAt) / 1000
    const rate = (steps - this.#startSteps) / Math.max(seconds, 1e-3)
    const left = rate > 0 ? duration(Math.max(totalSteps - steps, 0) / rate) : '?'
    const line = `${thousands(steps)} / ${thousands(totalSteps)} steps · ${thousands(rate)} steps/s · return ${meanReturn?.toFixed(1) ?? '–'} · ETA at most ${left}`
    if (this.#sink.isTTY) {
      this.#sink.write(`\r\x1b[2K${line.slice(0, (this.#sink.columns ?? 80) - 1)}`)
      this.#lineOpen = true
    } else this.#sink.write(`${line}\n`)
  }
}
