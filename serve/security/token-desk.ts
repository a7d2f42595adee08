import { ServeError } from '../errors.js'
import type { Ledger } from '../registry/ledger.js'
import type { TokenRecord } from '../state/state.js'
import type { Gate } from './gate.js'
import { checkIssue, type IssuedToken, type IssueTokenOptions, type ListedToken } from './token-issue.js'
import { newToken, type Tokens } from './tokens.js'

/** All are listed, and kept in memory. */
const MOST_TOKENS = 10_000

const listed = ({ digest: _, ...record }: TokenRecord): ListedToken => record

/** Issues and revokes tokens while the server runs; what is kept of them are digests. */
export class TokenDesk {
  constructor(
    private readonly ledger: Ledger,
    private readonly tokens: Tokens,
    gate: Gate,
  ) {
    ledger.follow(() => {
      tokens.setIssued(ledger.tokens.values())
      gate.review()
    })
  }

  /**
   * From the first one on the server takes calls with a token only, so that has to be an admin's.
   * @throws ServeError `SERVE_OPTION`, `STATE_UNREACHABLE`
   */
  async issue(options: IssueTokenOptions): Promise<IssuedToken> {
    const given = checkIssue(options)
    const { token, id, digest } = newToken()
    return this.ledger.change(() => {
      if (given.application !== undefined && !this.tokens.required) {
        throw new ServeError(
          'SERVE_OPTION',
          'this server takes calls without tokens; issue one for an admin first (without application), or nobody could change it any more',
        )
      }
      if (this.ledger.tokens.size >= MOST_TOKENS)
        throw new ServeError('SERVE_OPTION', `there are ${MOST_TOKENS} tokens, which is the limit; revoke those that are not used`)
      const row: TokenRecord = { id, digest, ...given, issuedAt: Date.now() }
      return { changes: [{ table: 'tokens', key: id, row }], kept: () => ({ ...listed(row), token }) }
    })
  }

  /** Those that were issued, the oldest first. */
  list(): ListedToken[] {
    return [...this.ledger.tokens.values()].sort((a, b) => a.issuedAt - b.issuedAt).map(listed)
  }

  /** From now on it opens nothing, and what was opened with it is closed. @throws ServeError `TOKEN_UNKNOWN`, `TOKEN_LAST`, `STATE_UNREACHABLE` */
  async revoke(id: string): Promise<void> {
    return this.ledger.change(() => {
      const { tokens } = this.ledger
      const record = tokens.get(id)
      if (record === undefined) throw new ServeError('TOKEN_UNKNOWN', `no token with the id ${JSON.stringify(id)} was issued; list them`)
      const admins = [...tokens.values()].filter(({ application }) => application === undefined)
      if (!this.tokens.configured && admins.length === 1 && admins[0] === record) {
        throw new ServeError('TOKEN_LAST', `${id} is the only admin token; issue another one first, or nobody could change the server`)
      }
      return { changes: [{ table: 'tokens', key: id }], kept: () => {} }
    })
  }
}
