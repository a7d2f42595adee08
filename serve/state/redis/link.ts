import { ServeError } from '../../errors.js'
import { hostAndPort, type RedisAddress } from './address.js'
import type { Argument, Redis, RedisClient, Reply } from './client.js'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000
/** Connecting, and what is said first. */
const OPEN_LIMIT_MS = 3_000
/** A command that has no answer by then is given up; nobody knows whether it was done. */
const COMMAND_LIMIT_MS = 2_000
/** Redis is asked something this often, to notice that it hangs. */
const PULSE_MS = 1_000
/** Redis restarts and reads its files. */
const LOADING = /^(LOADING|BUSY)\b/

/** What a link tells of its life. */
export interface LinkEvents {
  /** It is connected, for the first time or again; what this rejects with ends it. */
  up(client: RedisClient): Promise<void>
  down(reason: string): void
  /** Asked now and then while it is up; when that has no answer the connection is cut. */
  pulse?(): Promise<void>
}

/** One connection to Redis that is made again, after longer and longer pauses, whenever it is lost. */
export class Link {
  readonly #redis: Redis
  readonly #address: RedisAddress
  readonly #events: LinkEvents
  #client: RedisClient | undefined
  #pauseMs = FIRST_PAUSE_MS
  #timer: NodeJS.Timeout | undefined
  #closed = false
  /** Why it is not up; undefined while it is. */
  trouble: string | undefined = 'not connected yet'

  constructor(redis: Redis, address: RedisAddress, events: LinkEvents) {
    this.#redis = redis
    this.#address = address
    this.#events = events
  }

  /** Connects once. @throws ServeError `STATE_UNREACHABLE` */
  async open(): Promise<void> {
    const client = this.#redis.make(this.#address)
    let reason: string | undefined
    client.on('error', (error) => {
      reason ??= told(error)
      this.#lost(client, reason)
    })
    client.on('end', () => this.#lost(client, 'the connection ended'))
    // (A Redis that hangs takes connections, and says nothing.)
    const limit = setTimeout(() => {
      reason ??= `no answer within ${OPEN_LIMIT_MS} ms`
      client.destroy()
    }, OPEN_LIMIT_MS)
    try {
      await client.connect()
      if (this.#closed) throw new Error('closed')
      this.#client = client
      await this.#events.up(client)
      if (this.#client !== client) throw new Error('the connection ended')
    } catch (error) {
      this.#client = undefined
      client.destroy()
      this.trouble = reason ?? told(error)
      throw this.#unreachable(this.trouble)
    } finally {
      clearTimeout(limit)
    }
    this.trouble = undefined
    this.#pauseMs = FIRST_PAUSE_MS
    this.#beat(client)
  }

  #lost(client: RedisClient, reason: string): void {
    if (this.#client !== client) return
    this.#client = undefined
    client.destroy()
    if (this.#closed) return
    this.trouble = reason
    this.#events.down(reason)
    this.#again()
  }

  /** (The pauses of several frontends drift apart.) */
  #again(): void {
    clearTimeout(this.#timer)
    const pauseMs = this.#pauseMs * (0.5 + Math.random())
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs)
    this.#timer = setTimeout(() => {
      this.open().catch(() => {
        if (!this.#closed) this.#again()
      })
    }, pauseMs)
    this.#timer.unref()
  }

  #beat(client: RedisClient): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(async () => {
      try {
        await (this.#events.pulse?.() ?? this.send(['PING']))
      } catch (error) {
        this.#lost(client, told(error))
      }
      if (this.#client === client && !this.#closed) this.#beat(client)
    }, PULSE_MS)
    this.#timer.unref()
  }

  /** @throws ServeError `STATE_UNREACHABLE`, whose message says whether the command may have been done */
  async send(args: readonly Argument[], options?: object): Promise<Reply> {
    const client = this.#client
    if (client === undefined) throw this.#unreachable(this.trouble ?? 'not connected')
    let limit: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      limit = setTimeout(() => reject(new Error(`no answer within ${COMMAND_LIMIT_MS} ms`)), COMMAND_LIMIT_MS)
    })
    try {
      return (await Promise.race([client.sendCommand(args, options), late])) as Reply
    } catch (error) {
      const { message } = error as Error
      if (this.#redis.isUnsent(error)) throw this.#unreachable('not connected')
      if (!this.#redis.isReply(error)) throw new Unanswered(`Redis at ${hostAndPort(this.#address)} did not answer (${message})`)
      if (LOADING.test(message)) throw this.#unreachable(message)
      throw new ServeError('STATE_UNREACHABLE', `Redis at ${hostAndPort(this.#address)} refuses: ${message}; nothing has changed`)
    } finally {
      clearTimeout(limit)
    }
  }

  #unreachable(reason: string): ServeError {
    const where = hostAndPort(this.#address)
    return new ServeError('STATE_UNREACHABLE', `Redis at ${where} cannot be reached (${reason}); nothing has changed, try again later`)
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#client?.destroy()
    this.#client = undefined
  }
}

/** A command was sent and has no answer: it may have been done. */
export class Unanswered extends ServeError {
  constructor(message: string) {
    super('STATE_UNREACHABLE', `${message}; whether it was done is not known`)
  }
}

function told(error: unknown): string {
  const { message, errors, code } = error as NodeJS.ErrnoException & { errors?: Error[] }
  // Where a name has several addresses Node tells of each apart.
  return message || errors?.map((one) => one.message).join(', ') || code || 'the connection broke'
}
