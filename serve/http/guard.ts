import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import type { Gate } from '../security/gate.js'
import { type Access, checking, type Hook, nameIn } from './route.js'

const LOOPBACK_HOST = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/i
const BEARER = /^bearer +(\S+)$/i

export const tokenIn = (authorization: string | undefined) => (authorization === undefined ? undefined : BEARER.exec(authorization)?.[1])

const hostOf = (origin: string) => origin.replace(/^https?:\/\//, '')

/** A page in the user's browser can reach loopback, also under a name of its own; its calls carry that name or the page's origin. */
function fromThisMachine({ headers: { host = '', origin } }: FastifyRequest): void {
  const from = origin === undefined ? host : hostOf(origin)
  if (LOOPBACK_HOST.test(host) && LOOPBACK_HOST.test(from)) return
  throw new ServeError('SERVE_HOST_REFUSED', `admin calls are taken from this machine only, not for Host "${host}" from "${from}"`)
}

/** Whether a page of `origin` is of this server, or of another one of this machine. */
export const isOwnOrigin = (origin: string, host: string | undefined) => LOOPBACK_HOST.test(hostOf(origin)) || hostOf(origin) === host

/** Nothing is to be guessed from an answer's content, framed or kept. */
const usualHeaders: Hook = (_request, reply, done) => {
  reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', 'x-frame-options': 'DENY' })
  done()
}

/**
 * Puts the checks that a route's `access` needs before it: the gate's, and where no tokens are needed, that admin calls come from this
 * machine. A route that says nothing is an admin's. Call it before the routes are made.
 */
export function guard(app: FastifyInstance, gate: Gate): void {
  const admitted = (access: 'application' | 'admin') =>
    checking((request) => {
      if (!gate.open) gate.admit(access, nameIn(request), tokenIn(request.headers.authorization), request.ip)
    })
  const local = checking((request) => {
    if (!gate.locked) fromThisMachine(request)
  })
  // Whether tokens are needed changes while the server runs: with the first one that is issued.
  const checks: Readonly<Record<Access, readonly Hook[]>> = {
    open: [],
    application: [admitted('application')],
    admin: [admitted('admin'), local],
  }
  app.addHook('onRoute', (route) => {
    const { access = 'admin', lean = false } = route.config ?? {}
    const before = [lean ? undefined : usualHeaders, ...checks[access]].filter((hook) => hook !== undefined)
    if (before.length > 0) route.onRequest = [...before, ...[route.onRequest ?? []].flat()] as typeof route.onRequest
  })
}
