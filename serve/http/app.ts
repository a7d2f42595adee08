import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'

/** Reading JSON of this size takes some tens of milliseconds, in which nobody else is answered. */
const LARGEST_BODY_BYTES = 2 * 1024 ** 2
const BYTE_ORDER_MARK = 0xfeff
/** A client that has not sent its whole request by then is hung up on. */
const REQUEST_LIMIT_MS = 30_000

/** What Node's parser refuses before there is a request: answered like every other refusal. */
const UNREADABLE: Readonly<Record<string, readonly [status: number, cause: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, `the request was not whole within ${REQUEST_LIMIT_MS} ms`],
  HPE_HEADER_OVERFLOW: [431, 'the headers are too large'],
}

function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (socket.writable) {
    const [status, cause] = UNREADABLE[error.code ?? ''] ?? [400, `the request is not HTTP/1.1: ${error.message}`]
    const body = JSON.stringify({ error: 'Request error', code: error.code, cause })
    const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8`
    socket.write(`${head}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
  }
  socket.destroy()
}

/** In our words where the framework's leave open what to do. */
function causeOf({ code, message }: Error & { code?: string }, request: FastifyRequest): string {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return `the body is larger than ${request.routeOptions.bodyLimit} bytes, which is the limit here`
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return `content-type is ${shown(request.headers['content-type'])}; expected application/octet-stream`
  }
  return message
}

/** Bodies arrive as text: each API reads its own, and tells in its own words what is wrong. */
function readText(request: FastifyRequest, body: string, done: (error: Error | null, body?: unknown) => void): void {
  const encoding = request.headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    done(new ServeError('BODY_ENCODING', `content-encoding is ${shown(encoding)}; expected a body that is not compressed`))
  } else done(null, body.charCodeAt(0) === BYTE_ORDER_MARK ? body.slice(1) : body)
}

/** The HTTP server that the APIs are put on. */
export function httpApp(log: Logger): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: LARGEST_BODY_BYTES,
    requestTimeout: REQUEST_LIMIT_MS,
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    // What arrives while the server drains is answered too; its connection is closed with the answer.
    return503OnClosing: false,
    // The admin API looks at the host; Node's own refusal would have no body.
    http: { requireHostHeader: false },
    clientErrorHandler: refuseUnreadable,
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
  })
  // A client that has sent its request and closed its side still gets the answer.
  Object.assign(app.server, { httpAllowHalfOpen: true })
  // Clipper never asked for a content type, so its clients don't send a certain one, or one that is none.
  app.removeAllContentTypeParsers()
  // (Named too, the usual type is found without being parsed.)
  app.addContentTypeParser(['application/json', '*'], { parseAs: 'string' }, readText)
  app.setNotFoundHandler((request, reply) => {
    const cause = `${request.method} ${request.url.split('?')[0]} is not served here; queries go to POST /{application}/predict`
    reply.code(404).send({ error: 'Not found', cause })
  })
  app.setErrorHandler(answerError)
  return app

  function answerError(error: Error & { statusCode?: number; code?: string }, request: FastifyRequest, reply: FastifyReply): void {
    const status = error instanceof ServeError ? error.status : (error.statusCode ?? 500)
    if (status >= 500) log.error({ err: error, method: request.method, url: request.url }, 'a request failed')
    reply.code(status).send({ error: status >= 500 ? 'Server error' : 'Request error', code: error.code, cause: causeOf(error, request) })
  }
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
