import type { Socket } from 'node:net'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'
import { rawRefusal } from './raw-answer.js'
import type { RequestLimits } from './request-limits.js'

/** A client that has not sent its whole request by then is hung up on. */
export const REQUEST_LIMIT_MS = 30_000

/** What Node's parser refuses before there is a request: answered like every other refusal. */
const UNREADABLE: Readonly<Record<string, readonly [status: number, cause: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, `the request was not whole within ${REQUEST_LIMIT_MS} ms`],
  HPE_HEADER_OVERFLOW: [431, 'the headers are too large'],
}

export function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (socket.writable) {
    const [status, cause] = UNREADABLE[error.code ?? ''] ?? [400, `the request is not HTTP/1.1: ${error.message}`]
    socket.write(rawRefusal(status, error.code, cause))
  }
  socket.destroy()
}

/** In our words where the framework's leave open what to do. */
function inOurWords(error: Refused, { routeOptions, headers }: FastifyRequest, limits: RequestLimits): Refused {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const most = routeOptions.bodyLimit
    const option = (['maxBodyBytes', 'maxBinaryBytes'] as const).find((name) => limits[name] === most)
    const told = option === undefined ? 'the limit here' : `the server's ${option}: send several requests`
    return new ServeError('BODY_TOO_LARGE', `the body is larger than ${most} bytes, which is ${told}`, { cause: error })
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    error.message = `content-type is ${shown(headers['content-type'])}; expected application/octet-stream`
  }
  return error
}

/** Open Inference and TensorFlow Serving have one field for what is wrong; Clipper two. */
export const hasOneField = (url: string) => /^\/v[12]([/?]|$)/.test(url)

/** What goes with a refusal besides its body: who may ask, and when again. */
export function refusalHeaders(reply: FastifyReply, error: unknown): void {
  if (!(error instanceof ServeError)) return
  if (error.status === 401) reply.header('www-authenticate', 'Bearer')
  if (error.retryAfterS !== undefined) reply.header('retry-after', error.retryAfterS)
}

type Refused = Error & { statusCode?: number; code?: string }

/** Where a version is part of the path, one that is not there is a path that is not there. */
function statusOf(error: Refused, { url }: FastifyRequest): number {
  if (!(error instanceof ServeError)) return error.statusCode ?? 500
  return error.code === 'MODEL_VERSION_UNKNOWN' && hasOneField(url) ? 404 : error.status
}

/** Answers whatever a route throws, in the words of its API, and logs what is the server's fault. */
export function errorAnswers(log: Logger, limits: RequestLimits) {
  return (given: Refused, request: FastifyRequest, reply: FastifyReply): void => {
    const error = inOurWords(given, request, limits)
    const { message: cause } = error
    const status = statusOf(error, request)
    if (status >= 500) log.error({ err: error, reqId: request.id, method: request.method, url: request.url }, 'a request failed')
    else if (log.isLevelEnabled('debug')) log.debug({ reqId: request.id, status, code: error.code, cause }, 'a request was refused')
    reply.code(status).header('x-request-id', request.id)
    refusalHeaders(reply, error)
    if (hasOneField(request.url)) reply.send({ error: cause })
    else reply.send({ error: status >= 500 ? 'Server error' : 'Request error', code: error.code, cause })
  }
}

export function notFound(request: FastifyRequest, reply: FastifyReply): void {
  const cause = `${request.method} ${request.url.split('?')[0]} is not served here; queries go to POST /{application}/predict, and /openapi.json lists all calls`
  reply.code(404).send(hasOneField(request.url) ? { error: cause } : { error: 'Not found', cause })
}
