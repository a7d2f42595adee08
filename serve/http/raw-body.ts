import type { FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'

const BYTE_ORDER_MARK = 0xfeff

type Read = (error: Error | null, body?: unknown) => void

function refusalOf({ headers: { 'content-encoding': encoding } }: FastifyRequest): ServeError | undefined {
  if (encoding === undefined || encoding === 'identity') return undefined
  return new ServeError('BODY_ENCODING', `content-encoding is ${shown(encoding)}; expected a body that is not compressed`)
}

/** Bodies arrive as text: each API reads its own, and tells in its own words what is wrong. */
export function readText(request: FastifyRequest, body: string, done: Read): void {
  const refusal = refusalOf(request)
  if (refusal !== undefined) done(refusal)
  else done(null, body.charCodeAt(0) === BYTE_ORDER_MARK ? body.slice(1) : body)
}

/** Bodies that hold more than text. */
export function readBytes(request: FastifyRequest, body: Buffer, done: Read): void {
  const refusal = refusalOf(request)
  if (refusal !== undefined) done(refusal)
  else done(null, body)
}
