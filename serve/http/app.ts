import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { ServeError } from '../errors.js'
import type { TlsMaterial } from '../security/tls.js'
import { errorAnswers, notFound, REQUEST_LIMIT_MS, refuseUnreadable } from './answer-error.js'
import { readText } from './raw-body.js'
import type { RequestLimits } from './request-limits.js'
import { type RequestsSeen, seeRequests, UNKNOWN_ROUTE } from './requests-seen.js'
import { hangUpOnStalled } from './stalled.js'

/** How soon a request that is not whole in time is noticed. */
const CONNECTIONS_CHECKED_EVERY_MS = 5_000
const REQUEST_ID_HEADER = 'x-request-id'
const REQUEST_ID = /^[\w.:-]{1,64}$/

/** The caller's own id of the request, or one that no other request of any server has. */
function requestIds(): (request: IncomingMessage) => string {
  const prefix = randomBytes(6).toString('hex')
  let count = 0
  return ({ headers: { [REQUEST_ID_HEADER]: given } }) => {
    if (typeof given === 'string' && REQUEST_ID.test(given)) return given
    return `${prefix}-${(count++).toString(36)}`
  }
}

function noSchemas(): never {
  throw new Error('routes have no schemas here: each reads its body itself, and says which field is wrong')
}

/** The HTTP server that the APIs are put on. */
export function httpApp(log: Logger, tls: TlsMaterial | undefined, limits: RequestLimits): { app: FastifyInstance; seen: RequestsSeen } {
  const answerError = errorAnswers(log, limits)
  const settings = {
    logger: false,
    genReqId: requestIds(),
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: REQUEST_LIMIT_MS,
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    // What compiles schemas takes a third of the start and ten megabytes; no route here has one.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // What arrives while the server drains is answered too; its connection is closed with the answer.
    return503OnClosing: false,
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (...[error, request, reply]: Parameters<typeof answerError>) => answerError(error, request, reply),
  } as const
  // The admin API looks at the host; Node's own refusal would have no body.
  const http = { requireHostHeader: false, connectionsCheckingInterval: CONNECTIONS_CHECKED_EVERY_MS }
  const app = (tls === undefined ? fastify({ ...settings, http }) : fastify({ ...settings, https: { ...http, ...tls } })) as FastifyInstance
  // A client that has sent its request and closed its side still gets the answer.
  Object.assign(app.server, { httpAllowHalfOpen: true })
  hangUpOnStalled(app.server)
  // Clipper never asked for a content type, so its clients don't send a certain one, or one that is none.
  app.removeAllContentTypeParsers()
  // (Named too, the usual type is found without being parsed.)
  app.addContentTypeParser(['application/json', '*'], { parseAs: 'string' }, readText)
  const seen = seeRequests(app, log)
  app.setNotFoundHandler((request, reply) => {
    seen.of(request.method, UNKNOWN_ROUTE)(404)
    notFound(request, reply)
  })
  app.setErrorHandler(answerError)
  nameRequests(app)
  return { app, seen }
}

/** A caller that names its request hears the name again. */
function nameRequests(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (request.headers[REQUEST_ID_HEADER] !== undefined) reply.header(REQUEST_ID_HEADER, request.id)
    done()
  })
}

/** @throws ServeError `SERVE_PORT_IN_USE`, `SERVE_LISTEN` */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new ServeError(
        'SERVE_PORT_IN_USE',
        `port ${port} on ${host} is in use; stop what listens there, or choose another port (0: any free one)`,
        { cause },
      )
    }
    throw new ServeError('SERVE_LISTEN', `cannot listen on ${host}:${port}: ${message}`, { cause })
  }
  const address = app.server.address()
  return typeof address === 'object' && address ? address.port : port
}
