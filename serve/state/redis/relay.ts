import { ServeError } from '../../errors.js'
import type { Json, Sharing } from '../state.js'
import type { channelsOf } from './keys.js'
import type { Link } from './link.js'
import { blockOf } from './query-ids.js'

/** Another frontend has to answer by then. */
const ANSWER_LIMIT_MS = 3_000

interface Question {
  readonly number: number
  readonly answers: string
  readonly application: string
  readonly queryId: number
  readonly verdict: Json
}

interface Answer {
  readonly number: number
  readonly result?: Json
  readonly error?: { readonly code: string; readonly message: string }
}

/**
 * Feedback reaches any frontend, but what it is about is known to the one that has answered the query: the question is passed on to that
 * one, by the block of the query's id, and its answer back.
 */
export class Relay {
  readonly #open = new Map<number, (answer: Answer) => void>()
  #count = 0

  constructor(
    private readonly link: Link,
    private readonly channels: ReturnType<typeof channelsOf>,
    private readonly origin: string,
  ) {}

  /** Undefined where the frontend is gone. @throws ServeError what the other one threw; `STATE_UNREACHABLE` */
  async ask(application: string, queryId: number, verdict: Json): Promise<Json | undefined> {
    const number = this.#count++
    const question: Question = { number, answers: this.channels.answers(this.origin), application, queryId, verdict }
    let limit: NodeJS.Timeout | undefined
    const answer = new Promise<Answer>((resolve, reject) => {
      const told = `the frontend that answered query ${queryId} does not answer; whether the feedback was taken is not known`
      limit = setTimeout(() => reject(new ServeError('STATE_UNREACHABLE', `${told}, and it may be given again`)), ANSWER_LIMIT_MS)
      this.#open.set(number, resolve)
    })
    // It is waited for only where somebody has heard the question.
    answer.catch(() => {})
    try {
      const heard = await this.link.send(['PUBLISH', this.channels.block(blockOf(queryId)), JSON.stringify(question)])
      if (heard === 0) return undefined
      const { result, error } = await answer
      if (error !== undefined) throw new ServeError(error.code as 'STATE_UNREACHABLE', error.message)
      return result
    } finally {
      clearTimeout(limit)
      this.#open.delete(number)
    }
  }

  /** A question of another frontend. */
  async answer(message: string, sharing: Sharing): Promise<void> {
    const { number, answers, application, queryId, verdict } = JSON.parse(message) as Question
    const reply = async (): Promise<Answer> => {
      try {
        return { number, result: await sharing.feedback(application, queryId, verdict) }
      } catch (error) {
        if (!(error instanceof ServeError)) sharing.warn(`feedback of another frontend failed: ${(error as Error).message}`)
        const { code, message } = error instanceof ServeError ? error : { code: 'STATE_UNREACHABLE', message: 'the other frontend failed' }
        return { number, error: { code, message } }
      }
    }
    // Who asked gives up by itself where this does not come through.
    await this.link.send(['PUBLISH', answers, JSON.stringify(await reply())]).catch(() => {})
  }

  heard(message: string): void {
    const answer = JSON.parse(message) as Answer
    this.#open.get(answer.number)?.(answer)
  }
}
