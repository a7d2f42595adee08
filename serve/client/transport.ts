import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'
import { type Answer, type Call, SendError, type Sender } from './sender.js'

export type Json = Readonly<Record<string, unknown>>
/** What an answer must be read as; undefined for one that a server of ours would not give. */
export type Read<T> = (answer: unknown) => T | undefined

const CALL_LIMIT_MS = 30_000
const FIRST_PAUSE_MS = 50
const TOO_MANY_REQUESTS = 429
const UNAVAILABLE = 503

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

export interface TransportOptions {
  readonly timeoutMs: number | undefined
  readonly token: string | undefined
  /** How often a call is tried again. */
  readonly retries: number
}

/** A call, and what is made of its answer. */
interface Sending<T> {
  /** Names the call in errors. */
  readonly what: string
  readonly path: string
  /** Of the body; without one the call is a GET. */
  readonly type?: string
  /** Besides the usual ones. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly usualLimitMs: number
  /** It may be tried again though it may have been done: that changes nothing. */
  readonly repeatable: boolean
  readonly read: Read<T>
}

/** Calls to one server. */
export class Transport {
  #closed = false

  constructor(
    readonly url: string,
    private readonly sender: Sender,
    readonly options: TransportOptions,
  ) {}

  post<T>(what: string, path: string, body: object, read: Read<T>, repeatable = false): Promise<T> {
    const type = 'application/json'
    return this.send({ what, path, type, body: JSON.stringify(body), usualLimitMs: CALL_LIMIT_MS, repeatable, read })
  }

  /** What a GET answers, as `read` reads its JSON. */
  get<T>(what: string, path: string, read: Read<T>): Promise<T> {
    return this.send({ what, path, usualLimitMs: CALL_LIMIT_MS, repeatable: true, read })
  }

  /** What a GET answers that is no JSON. */
  async getText<T>(what: string, path: string, read: (text: string) => T | undefined): Promise<T> {
    const answer = await this.#persist(this.#call({ path, usualLimitMs: CALL_LIMIT_MS }), true)
    return this.#understand(what, answer, () => read(answer.text))
  }

  #call({ path, type, headers, body, usualLimitMs }: Omit<Sending<unknown>, 'read' | 'what' | 'repeatable'>): Call {
    const { timeoutMs = usualLimitMs, token } = this.options
    const told = {
      ...(type !== undefined && { 'content-type': type }),
      ...headers,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    }
    return { method: body === undefined ? 'GET' : 'POST', url: `${this.url}${path}`, headers: told, body, limitMs: timeoutMs }
  }

  /** @throws ServeError `REQUEST_REFUSED`, `SERVER_UNREACHABLE` */
  async send<T>({ what, read, repeatable, ...sending }: Sending<T>): Promise<T> {
    return this.#understand(what, await this.#persist(this.#call(sending), repeatable), read)
  }

  /**
   * The data of server-sent events, as they come; ends when `signal` fires, or the server closes.
   * @throws ServeError `REQUEST_REFUSED`, `SERVER_UNREACHABLE`
   */
  async *events(what: string, path: string, signal: AbortSignal): AsyncGenerator<{ event: string; data: string }> {
    try {
      const { status, text } = await this.sender.stream(this.#call({ path, usualLimitMs: CALL_LIMIT_MS }), signal)
      if (status === 200) {
        yield* eventsIn(text)
        return
      }
      let answer = ''
      for await (const part of text) answer += part
      this.#understand(what, { status, text: answer, retryAfterS: undefined }, () => undefined)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof ServeError) throw error
      throw new ServeError('SERVER_UNREACHABLE', `${what}: ${this.url} hung up: ${(error as Error).message}`, { cause: error })
    }
  }

  /** Tries again what has not been done, or may be done twice, after longer and longer pauses and as long as there is time. */
  async #persist(call: Call, repeatable: boolean): Promise<Answer> {
    const end = performance.now() + call.limitMs
    for (let attempt = 0; ; attempt++) {
      const pauseMs = FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random())
      const last = attempt >= this.options.retries
      try {
        const answer = await this.sender.send({ ...call, limitMs: Math.max(1, Math.ceil(end - performance.now())) })
        const waitMs = Math.max(pauseMs, 1000 * (answer.retryAfterS ?? 0))
        const isBusy = answer.status === TOO_MANY_REQUESTS || (answer.status === UNAVAILABLE && answer.retryAfterS !== undefined)
        if (!isBusy || last || this.#closed || performance.now() + waitMs > end) return answer
        await sleep(waitMs)
      } catch (error) {
        const { reached, givenUp, message } = error as SendError
        if (!(error instanceof SendError)) throw error
        if (givenUp || last || this.#closed || (reached && !repeatable) || performance.now() + pauseMs > end) {
          const told = givenUp ? `none within ${call.limitMs} ms` : message
          const hint = /certificate/.test(told) ? 'trust one of your own making with ca' : 'is the server running?'
          throw new ServeError('SERVER_UNREACHABLE', `no answer from ${this.url}: ${told}; ${hint}`, { cause: error.cause })
        }
        await sleep(pauseMs)
      }
    }
  }

  /** @throws ServeError `REQUEST_REFUSED` for a refusal, and for what no server of ours says */
  #understand<T>(what: string, { status, text, retryAfterS }: Answer, read: Read<T>): T {
    const answer = parsed(text)
    const result = status === 200 ? read(answer) : undefined
    if (result !== undefined) return result
    const cause = isObject(answer) && status !== 200 ? answer.cause : undefined
    const told = typeof cause === 'string' ? cause : `${this.url} is not a Gymnura server: it answered ${shown(text)}`
    throw new ServeError('REQUEST_REFUSED', `${what}: ${told} (HTTP ${status})`, { status, retryAfterS })
  }

  /** Connections that are kept are closed, and what fails is not tried again. */
  close(): void {
    this.#closed = true
    this.sender.close()
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** JSON's value; a text that is none stays one. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Server-sent events (WHATWG HTML, section 9.2) of a text that comes in pieces; comments are left out. */
async function* eventsIn(text: AsyncIterable<string>): AsyncGenerator<{ event: string; data: string }> {
  let open = ''
  for await (const part of text) {
    const blocks = (open + part).split('\n\n')
    open = blocks.pop()!
    for (const block of blocks) {
      const fields = Object.fromEntries(block.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]))
      if (fields.data !== undefined) yield { event: fields.event ?? 'message', data: fields.data }
    }
  }
}
