import { LRUCache } from 'lru-cache'
import { ServeError } from '../errors.js'
import { checkOptions, refuse } from '../refusals.js'

/** How many requests a caller may send. */
export interface RateLimitOptions {
  /** Requests a second, in the long run. */
  perSecond: number
  /** How many at once after a pause; default: a second's worth, at least 1. */
  burst?: number
}

/** Callers whose buckets are kept; one that is forgotten starts with a full one. */
const CALLERS_KEPT = 100_000

interface Bucket {
  tokens: number
  filledAt: number
}

/** A token bucket a caller. */
export class RateLimit {
  readonly #buckets = new LRUCache<string, Bucket>({ max: CALLERS_KEPT })
  readonly #perMs: number
  readonly #burst: number

  /** @throws ServeError `SERVE_OPTION` */
  constructor(options: RateLimitOptions) {
    const { perSecond, burst = Math.max(1, perSecond) } = checkOptions<RateLimitOptions>('rateLimit', options, ['perSecond', 'burst'])
    if (!(typeof perSecond === 'number' && perSecond > 0 && perSecond < 1e9))
      refuse('rateLimit.perSecond', perSecond, 'a number more than 0')
    if (!(typeof burst === 'number' && burst >= 1 && burst < 1e9)) refuse('rateLimit.burst', burst, 'a number of at least 1')
    this.#perMs = perSecond / 1000
    this.#burst = burst
  }

  /** Counts one request of `caller`. @param now `performance.now()` @throws ServeError `RATE_LIMITED` */
  take(caller: string, now: number): void {
    let bucket = this.#buckets.get(caller)
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, filledAt: now }
      this.#buckets.set(caller, bucket)
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (now - bucket.filledAt) * this.#perMs)
    bucket.filledAt = now
    if (bucket.tokens >= 1) {
      bucket.tokens--
      return
    }
    const waitMs = (1 - bucket.tokens) / this.#perMs
    throw new ServeError('RATE_LIMITED', `more than ${this.#perMs * 1000} requests a second; wait ${Math.ceil(waitMs)} ms`, {
      retryAfterS: Math.max(1, Math.ceil(waitMs / 1000)),
    })
  }
}
