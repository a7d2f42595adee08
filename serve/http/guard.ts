import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import type { RateLimit } from '../security/rate-limit.js'
import type { Tokens } from '../security/tokens.js'
import { type Access, checking, type Hook, nameIn } from './route.js'

const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i
const BEARER = /^bearer +(\S+)$/i

export const tokenIn = (authorization: string | undefined) => (authorization === undefined ? undefined : BEARER.exec(authorization)?.[1])

/** A page in the user's browser can reach loopback, also under a name of its own; its calls carry that name or the page's origin. */
function fromThisMachine({ headers: { host = '', origin } }: FastifyRequest): void {
  const from = origin === undefined ? host : origin.replace(/^https?:\/\//, '')
  if (LOOPBACK_HOST.test(host) && LOOPBACK_HOST.test(from)) return
  throw new ServeError('SERVE_HOST_REFUSED', `admin calls are taken from this machine only, not for Host "${host}" from "${from}"`)
}

/** Who is counted as one caller. */
const callerOf = ({ headers, ip }: FastifyRequest) => tokenIn(headers.authorization) ?? ip

/**
 * Puts the checks that a route's `access` needs before it: tokens where the server has them, else that admin calls come from this machine;
 * and the rate limit. A route that says nothing is an admin's. Call it before the routes are made.
 */
export function guard(app: FastifyInstance, tokens: Tokens, rateLimit: RateLimit | undefined): void {
  const limited = rateLimit && checking((request) => rateLimit.take(callerOf(request), performance.now()))
  const needsToken = (access: 'application' | 'admin') =>
    checking((request) => tokens.check(access, nameIn(request), tokenIn(request.headers.authorization)))
  const checks: Readonly<Record<Access, readonly (Hook | undefined)[]>> = {
    open: [],
    application: [limited, tokens.required ? needsToken('application') : undefined],
    admin: [limited, tokens.required ? needsToken('admin') : checking(fromThisMachine)],
  }
  app.addHook('onRoute', (route) => {
    const { access = 'admin', lean = false } = route.config ?? {}
    const before = [lean ? undefined : usualHeaders, ...checks[access]].filter((hook) => hook !== undefined)
    if (before.length > 0) route.onRequest = [...before, ...[route.onRequest ?? []].flat()] as typeof route.onRequest
  })
}

/** Nothing is to be guessed from an answer's content, framed or kept. */
const usualHeaders: Hook = (_request, reply, done) => {
  reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'x-frame-options': 'DENY' })
  done()
}
