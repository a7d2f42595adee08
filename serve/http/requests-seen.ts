import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { pathOf } from './openapi/route-book.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** `performance.now()`. */
    startedAt: number
  }
}

/** Requests that no route takes, and those that are no HTTP. */
export const UNKNOWN_ROUTE = '(unknown)'
/** Admin calls that change nothing: not worth a line in the log. */
const ONLY_READS = /\/(get_\w+|ping|logs|stream|metrics|index)$/

interface Counted {
  readonly method: string
  readonly route: string
  /** Answers by status. */
  readonly answers: Map<number, number>
}

/** What was answered on which route, and with which status. */
export class RequestsSeen {
  readonly #routes = new Map<string, Counted>()

  /** What counts a route's answers. */
  of(method: string, route: string): (status: number) => void {
    const key = `${method} ${route}`
    const counted = this.#routes.get(key) ?? { method, route, answers: new Map() }
    this.#routes.set(key, counted)
    const { answers } = counted
    return (status) => void answers.set(status, (answers.get(status) ?? 0) + 1)
  }

  *readings(): Generator<readonly [labels: { method: string; route: string; status: string }, count: number]> {
    for (const { method, route, answers } of this.#routes.values()) {
      for (const [status, count] of answers) yield [{ method, route, status: String(status) }, count]
    }
  }
}

/**
 * Counts what every route answers, and has the log told: a line a request where it wants 'debug', and one for each admin call that
 * changes something. Done before an answer is sent, which costs a tenth of what hearing of its end does. Call it before the routes are made.
 */
export function seeRequests(app: FastifyInstance, log: Logger): RequestsSeen {
  const seen = new RequestsSeen()
  app.decorateRequest('startedAt', 0)
  app.addHook('onRequest', (request, _reply, done) => {
    request.startedAt = performance.now()
    done()
  })
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat()
    const count = seen.of(methods.join(','), pathOf(route.url))
    const isChange = (route.config?.access ?? 'admin') === 'admin' && !ONLY_READS.test(route.url) && !methods.includes('GET')
    const tell = (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: (error: null, payload: unknown) => void) => {
      count(reply.statusCode)
      if (isChange) log.info(lineOf(request, reply), 'an admin call')
      else if (log.isLevelEnabled('debug')) log.debug(lineOf(request, reply), 'answered')
      done(null, payload)
    }
    route.onSend = [tell, ...[route.onSend ?? []].flat()] as typeof route.onSend
  })
  return seen
}

function lineOf({ id: reqId, method, url, ip, startedAt }: FastifyRequest, { statusCode: status }: FastifyReply): object {
  const ms = Math.round((performance.now() - startedAt) * 1000) / 1000
  return { reqId, method, path: url.split('?')[0], ip, status, ms }
}
