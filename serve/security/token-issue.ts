import { checkOptions, refuse } from '../refusals.js'
import { checkName } from '../registry/options.js'
import type { TokenRecord } from '../state/state.js'

/** What `issueToken` takes. */
export interface IssueTokenOptions {
  /** The application (or model, where an API names models) that may be asked with it, or '*' for all; without it an admin's. */
  application?: string
  /** Whose it is, in words: up to 200 characters. */
  label?: string
}

/** A token as it is listed: the secret is known to nobody but who was given it. */
export type ListedToken = Omit<TokenRecord, 'digest'>

export interface IssuedToken extends ListedToken {
  /** Told this once. */
  readonly token: string
}

const LONGEST_LABEL = 200
const ALL = '*'

/** @throws ServeError `SERVE_OPTION` */
export function checkIssue(options: IssueTokenOptions): Pick<TokenRecord, 'application' | 'label'> {
  const { application, label = '' } = checkOptions<IssueTokenOptions>('issueToken', options, ['application', 'label'])
  if (typeof label !== 'string' || label.length > LONGEST_LABEL) refuse('label', label, `a string of at most ${LONGEST_LABEL} characters`)
  if (application === undefined) return { label }
  return { application: application === ALL ? ALL : checkName('application', application), label }
}
