import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Exchange } from '../../query/exchange.js'
import type { QueryPath } from '../../query/query-path.js'
import type { Registry } from '../../registry/registry.js'
import { answerFields, errorFields } from '../answer-json.js'
import { readUser } from '../feedback-body.js'
import { textOf } from '../json-body.js'
import { isBatch, parsePredictBody, readInputs, readVersion } from '../predict-body.js'
import type { RequestLimits } from '../request-limits.js'
import { ignoreContentType, type RouteDoc } from '../route.js'
import { INTEGER, listOf, NUMBERS, object, oneOf, STRING } from '../schemas.js'
import type { EventStream } from './event-stream.js'

interface ApplicationRoute {
  Params: { application: string }
}

/** Each one of the stream's. */
const EVENT = object({ 'event?': STRING, 'id?': STRING, 'data?': STRING })
const WATCH: RouteDoc = {
  tag: 'Streams',
  summary: 'Every answer that the application gives from now on, as server-sent events',
  answer: EVENT,
  answerType: 'text/event-stream',
}
const STREAM: RouteDoc = {
  tag: 'Streams',
  summary: 'An answer to each input of a batch, as a server-sent event as soon as it is there; an error where it is shed',
  body: object({ 'input?': NUMBERS, 'input_batch?': listOf(NUMBERS), 'version?': oneOf(STRING, INTEGER), 'user?': STRING }),
  answer: EVENT,
  answerType: 'text/event-stream',
}

interface Parts {
  readonly registry: Registry
  readonly path: QueryPath
  readonly limits: RequestLimits
  readonly openStream: (reply: FastifyReply) => EventStream
}

/** Streams of actions as server-sent events: of a batch as they come, or of all that an application answers. */
export function eventsApi(app: FastifyInstance, { registry, path, limits, openStream }: Parts): void {
  app.get<ApplicationRoute>('/:application/stream', { config: { access: 'application', doc: WATCH } }, (request, reply) => {
    const { watchers } = registry.application(request.params.application)
    const stream = openStream(reply)
    stream.onClose = watchers.add((exchange: Exchange) => {
      for (let query = 0; query < exchange.size; query++) {
        stream.send('prediction', exchange.firstQueryId + query, `{${answerFields(exchange, query)}}`)
      }
    })
  })

  /** Everything that can be refused is, before the stream begins. */
  function readBatch(request: FastifyRequest<ApplicationRoute>) {
    const application = registry.application(request.params.application)
    const body = parsePredictBody(textOf(request), limits)
    const version = readVersion(body)
    const takes = application.takes(version)
    readInputs(body, takes, limits)
    const given = isBatch(body) ? (body.input_batch as unknown[]) : [body.input]
    const asking = { version, user: readUser(body.user, 'user') }
    path.assertRoom(application, asking)
    return { application, inputs: given.map((input) => readInputs({ input }, takes, limits)), asking }
  }

  const settings = { onRequest: ignoreContentType, config: { access: 'application', doc: STREAM } } as const
  app.post<ApplicationRoute>('/:application/stream', settings, (request, reply) => {
    const { application, inputs, asking } = readBatch(request)
    const stream = openStream(reply)
    let left = inputs.length
    const end = () => {
      stream.send('end', undefined, `{"answers":${inputs.length}}`)
      stream.end()
    }
    if (left === 0) end()
    const tell = (event: string, id: number | undefined, index: number, fields: string) => {
      stream.send(event, id, `{"index":${index},${fields}}`)
      if (--left === 0) end()
    }
    for (const [index, one] of inputs.entries()) {
      try {
        path.submit(application, one, asking, (exchange) => tell('prediction', exchange.firstQueryId, index, answerFields(exchange, 0)))
      } catch (error) {
        // Where an application sheds what it cannot answer in time.
        tell('error', undefined, index, errorFields(error))
      }
    }
  })
}
