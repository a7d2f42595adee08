import fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { ServeError } from '../errors.js'

const LARGEST_BODY_BYTES = 4 * 1024 ** 2
/** A client that has not sent its whole request by then is hung up on. */
const REQUEST_LIMIT_MS = 30_000

/** The HTTP server that the APIs are put on. Bodies arrive as text: each API reads its own, and tells in its own words what is wrong. */
export function httpApp(log: Logger): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: LARGEST_BODY_BYTES,
    requestTimeout: REQUEST_LIMIT_MS,
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
  })
  // Clipper never asked for a content type, so its clients don't send a certain one.
  app.removeAllContentTypeParsers()
  // (Named too, the usual type is found without being parsed.)
  app.addContentTypeParser(['application/json', '*'], { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.setNotFoundHandler((request, reply) => {
    const cause = `${request.method} ${request.url.split('?')[0]} is not served here; queries go to POST /{application}/predict`
    reply.code(404).send({ error: 'Not found', cause })
  })
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const status = error instanceof ServeError ? error.status : (error.statusCode ?? 500)
    if (status >= 500) log.error({ err: error, method: request.method, url: request.url }, 'a request failed')
    reply.code(status).send({ error: status >= 500 ? 'Server error' : 'Request error', code: error.code, cause: error.message })
  })
  return app
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
