import type { RateLimit } from './rate-limit.js'
import type { Tokens } from './tokens.js'

/** A connection that stays open for long. */
interface Visit {
  readonly access: 'admin' | 'application'
  readonly name: string | undefined
  readonly token: string | undefined
  readonly end: () => void
}

/** Whom the server lets in: by token where it has some, and not too often. */
export class Gate {
  readonly #visits = new Set<Visit>()

  constructor(
    private readonly tokens: Tokens,
    private readonly rateLimit: RateLimit | undefined,
  ) {}

  /** Whether callers need a token. */
  get locked(): boolean {
    return this.tokens.required
  }

  /** Whether there is anything to ask a caller. */
  get open(): boolean {
    return !this.tokens.required && this.rateLimit === undefined
  }

  /**
   * @param name of the application or model that the call is about
   * @param address of the caller: who has no token that is known is counted by it
   * @returns who is counted: the token, or the address
   * @throws ServeError `TOKEN_MISSING`, `TOKEN_REFUSED`, `RATE_LIMITED`
   */
  admit(access: 'admin' | 'application', name: string | undefined, token: string | undefined, address: string): string {
    let caller = address
    if (this.tokens.required) {
      try {
        this.tokens.check(access, name, token)
      } catch (error) {
        this.count(address)
        throw error
      }
      caller = token!
    }
    this.count(caller)
    return caller
  }

  /** Counts one request of a caller who has been let in. @throws ServeError `RATE_LIMITED` */
  count(caller: string): void {
    this.rateLimit?.take(caller, performance.now())
  }

  /** Keeps an eye on a long connection that was admitted: `end` is called once its token opens it no more. @returns for when it is over */
  visit(access: Visit['access'], name: string | undefined, token: string | undefined, end: () => void): () => void {
    const visit = { access, name, token, end }
    this.#visits.add(visit)
    return () => this.#visits.delete(visit)
  }

  /** Tokens have changed: ends the visits of those that may not stay. */
  review(): void {
    if (!this.tokens.required) return
    for (const visit of this.#visits) {
      try {
        this.tokens.check(visit.access, visit.name, visit.token)
      } catch {
        this.#visits.delete(visit)
        visit.end()
      }
    }
  }
}
