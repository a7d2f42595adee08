import type { FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'

export type Body = Readonly<Record<string, unknown>>

/** A body as it came; '' where there is none, or bytes. */
export const textOf = ({ body }: FastifyRequest): string => (typeof body === 'string' ? body : '')

/** What Python and JavaScript write for numbers that JSON does not have. */
const NOT_IN_JSON = /\b(?:NaN|Infinity)\b/

/**
 * The object that a request's body holds, which should look like `expected`.
 * @throws ServeError `QUERY_INVALID`
 */
export function parseBody(text: string, expected: string): Body {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    if (text === '') throw new ServeError('QUERY_INVALID', `the body is empty; expected ${expected}`)
    const token = NOT_IN_JSON.exec(text)
    const hint = token ? `; JSON has no ${token[0]}: send finite numbers` : ''
    throw new ServeError('QUERY_INVALID', `the body is not JSON: ${(cause as Error).message}${hint}`, { cause })
  }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Body
  throw new ServeError('QUERY_INVALID', `the body is ${shown(body)}; expected ${expected}`)
}
