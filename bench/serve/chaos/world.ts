import { performance } from 'node:perf_hooks'
import { type Asked, type ChaosApplication, DEFAULT } from './applications.js'
import type { Answering, Facts } from './facts.js'
import type { Frontend } from './frontend.js'
import { type Answer, call, NoAnswer } from './http.js'
import type { Report } from './report.js'

/** An answer is out by its deadline; on a machine that does other things too, and with this process late itself, it is heard this much later. */
const BOUND_MS = 2_000
const LAG_EVERY_MS = 50

export interface PredictAnswer {
  readonly query_id: number
  readonly output: unknown
  readonly default: boolean
  readonly default_explanation?: string
}

/** All that the parts of the chaos share. */
export class World {
  readonly applications: ReadonlyMap<string, ChaosApplication>
  /** Ids of queries that were answered: none is given twice. */
  readonly #ids = new Set<number>()
  /** Feedback that was acknowledged, by query id: its reward. */
  readonly told = new Map<number, number>()
  /** Feedback that was sent, whatever became of it. */
  readonly tried = new Set<number>()
  /** Of these, by application, what its bandit learns from: not what is said of a default. */
  readonly lessons = new Map<string, { told: number; tried: number }>()
  over = false
  #lags: { readonly at: number; readonly ms: number }[] = []
  #lastBeat = performance.now()

  constructor(
    readonly frontend: Frontend,
    readonly report: Report,
    readonly facts: Facts,
    readonly answering: ReadonlyMap<string, Answering>,
    applications: readonly ChaosApplication[],
    /** Nothing is asked for that is out of all proportion. */
    readonly isGentle: boolean,
  ) {
    this.applications = new Map(applications.map((application) => [application.name, application]))
    setInterval(() => this.#beat(), LAG_EVERY_MS).unref()
  }

  #beat(): void {
    const now = performance.now()
    const ms = now - this.#lastBeat - LAG_EVERY_MS
    if (ms > LAG_EVERY_MS) this.#lags.push({ at: now, ms })
    this.#lags = this.#lags.filter(({ at }) => now - at < 60_000)
    this.#lastBeat = now
  }

  /** How late this process was itself since then: its own lateness is nobody else's. */
  #ownLagMs(since: number): number {
    return this.#lags.reduce((sum, { at, ms }) => (at >= since ? sum + ms : sum), performance.now() - this.#lastBeat)
  }

  /** A call; undefined where there was no answer and the frontend was down, which is the only excuse. */
  async call(path: string, body: string | Uint8Array, headers?: Readonly<Record<string, string | number>>): Promise<Answer | undefined> {
    const sentAt = performance.now()
    try {
      return await call(this.frontend.port, path, body, headers)
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
      this.unanswered(`${path}: ${error.message}`, sentAt)
      return undefined
    }
  }

  /** A query that nobody answered. */
  unanswered(text: string, sentAt: number): void {
    if (this.frontend.was('down', sentAt)) this.report.count('notes', 'cut off by a kill of the frontend')
    else this.report.violation(`unanswered: ${text}`)
  }

  /** An answer came after so long. */
  inTime(kind: string, sentAt: number, objectiveMs: number): void {
    const tookMs = performance.now() - sentAt
    this.report.answered(kind, tookMs, this.#isDisturbed(sentAt) ? Number.POSITIVE_INFINITY : objectiveMs)
    const lateMs = tookMs - objectiveMs - this.#ownLagMs(sentAt)
    if (lateMs > BOUND_MS && !this.#isDisturbed(sentAt))
      this.report.violation(`late: ${kind} answered after ${Math.round(tookMs)} ms; its objective is ${objectiveMs} ms`)
  }

  #isDisturbed(since: number): boolean {
    return this.frontend.was('paused', since) || this.frontend.was('down', since)
  }

  /** An answer of an application, whichever API it came by. */
  checkAnswer(application: ChaosApplication, answer: PredictAnswer, asked: Asked): void {
    const { output, query_id: id } = answer
    if (this.#ids.has(id)) this.report.violation(`${application.name}: query id ${id} was given twice`)
    this.#ids.add(id)
    if (answer.default) {
      this.report.count('notes', `default: ${(answer.default_explanation ?? 'without a reason').replace(/[:;].*/s, '')}`)
      if (output !== DEFAULT) this.report.violation(`wrong: ${application.name} answered ${JSON.stringify(output)} as its default`)
      if (answer.default_explanation === undefined) this.report.violation(`${application.name}: a default without a reason`)
      return
    }
    const wrong = application.wrong(output, asked)
    if (wrong !== undefined) this.report.violation(`wrong: ${application.name} of [${asked.x}]: ${wrong.slice(0, 300)}`)
  }
}
