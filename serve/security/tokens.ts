import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { ServeError } from '../errors.js'
import { checkOptions, refuse, refuseSecret } from '../refusals.js'
import type { TokenRecord } from '../state/state.js'

/** Secrets that callers show as `Authorization: Bearer TOKEN`: each as it is, or as `sha256:` and the hex digest of it. */
export interface TokenOptions {
  /** For the admin calls, and everything else. */
  admin?: string | readonly string[]
  /** For queries and feedback: by application (or model, where an API names models), or under '*' for all. */
  applications?: Readonly<Record<string, string | readonly string[]>>
}

const DIGEST = /^sha256:([\da-f]{64})$/i
const SHORTEST = 16
const ALL = '*'

/** What a token may: everything, or these applications. */
type Scope = 'admin' | { readonly application: string }

interface Holder {
  readonly digest: Buffer
  readonly scope: Scope
}

/** A token is long and random, so one round of a fast hash keeps it. */
const digestOf = (token: string) => createHash('sha256').update(token).digest()

function digestsOf(what: string, given: unknown): Buffer[] {
  const tokens = typeof given === 'string' ? [given] : given
  if (!Array.isArray(tokens) || tokens.length === 0) return refuse(what, given, 'a token, or an array of tokens')
  return tokens.map((token) => {
    const hex = typeof token === 'string' ? DIGEST.exec(token)?.[1] : undefined
    if (hex !== undefined) return Buffer.from(hex, 'hex')
    const isToken = typeof token === 'string' && token.length >= SHORTEST && !/\s/.test(token)
    if (!isToken) refuseSecret(what, token, `at least ${SHORTEST} characters without spaces, or "sha256:" and 64 hex digits`)
    return digestOf(token)
  })
}

/** A token that is issued: its id is no secret and finds its record, what follows is. */
const ISSUED = /^gym_([\da-f]{12})_[\w-]{43}$/
const ID_BYTES = 6
const SECRET_BYTES = 32
/** Compared with where there is nothing to compare with, so that it takes as long. */
const NOBODY = Buffer.alloc(32)

/** A new token, and what is kept of it. */
export function newToken(): { token: string; id: string; digest: string } {
  const id = randomBytes(ID_BYTES).toString('hex')
  const token = `gym_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { token, id, digest: digestOf(token).toString('hex') }
}

/**
 * Who may do what: those that `serve` was told of, and those that were issued since. Only digests are kept, and they are compared in
 * constant time.
 */
export class Tokens {
  readonly #holders: Holder[] = []
  #issued = new Map<string, Holder>()

  /** @throws ServeError `SERVE_OPTION` */
  constructor(options: TokenOptions = {}) {
    const { admin, applications = {} } = checkOptions<TokenOptions>('tokens', options, ['admin', 'applications'])
    if (admin !== undefined) for (const digest of digestsOf('tokens.admin', admin)) this.#holders.push({ digest, scope: 'admin' })
    const isTable = typeof applications === 'object' && applications !== null && !Array.isArray(applications)
    if (!isTable) refuse('tokens.applications', applications, 'an object of tokens by application')
    for (const [application, given] of Object.entries(applications)) {
      const digests = digestsOf(`tokens.applications["${application}"]`, given)
      for (const digest of digests) this.#holders.push({ digest, scope: { application } })
    }
    if (this.#holders.length > 0 && admin === undefined) {
      throw new ServeError('SERVE_OPTION', 'tokens has no admin; expected one, or nobody could change the server')
    }
  }

  /** Whether `serve` was told of an admin's token, which nobody can revoke. */
  get configured(): boolean {
    return this.#holders.length > 0
  }

  /** False: everyone who reaches the server may do everything. */
  get required(): boolean {
    return this.configured || this.#issued.size > 0
  }

  /** From now on these are the ones that were issued. */
  setIssued(records: Iterable<TokenRecord>): void {
    const holder = ({ digest, application }: TokenRecord): Holder => ({
      digest: Buffer.from(digest, 'hex'),
      scope: application === undefined ? 'admin' : { application },
    })
    this.#issued = new Map([...records].map((record) => [record.id, holder(record)]))
  }

  /** What the shown token may do; undefined for one that is not known. Takes as long for any. */
  #scopesOf(token: string): Scope[] {
    const shown = digestOf(token)
    const scopes: Scope[] = []
    for (const { digest, scope } of this.#holders) if (timingSafeEqual(digest, shown)) scopes.push(scope)
    const issued = this.#issued.get(ISSUED.exec(token)?.[1] ?? '')
    if (timingSafeEqual(issued?.digest ?? NOBODY, shown) && issued !== undefined) scopes.push(issued.scope)
    return scopes
  }

  /**
   * @param name of the application or model that is asked; undefined for a call that is about none
   * @throws ServeError `TOKEN_MISSING`, `TOKEN_REFUSED`
   */
  check(access: 'admin' | 'application', name: string | undefined, token: string | undefined): void {
    if (token === undefined) {
      throw new ServeError('TOKEN_MISSING', 'this server takes calls with a token only: send the header "Authorization: Bearer TOKEN"')
    }
    const scopes = this.#scopesOf(token)
    if (scopes.length === 0) throw new ServeError('TOKEN_MISSING', 'the token is not one of this server')
    if (scopes.includes('admin')) return
    const mayAsk = (scope: Scope) => scope !== 'admin' && (scope.application === ALL || name === undefined || scope.application === name)
    if (access === 'application' && scopes.some(mayAsk)) return
    const wanted = access === 'admin' ? 'admin calls' : `"${name}"`
    throw new ServeError('TOKEN_REFUSED', `the token is not for ${wanted}`)
  }
}
