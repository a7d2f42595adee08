import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import type { Exchange } from '../query/exchange.js'
import type { QueryPath } from '../query/query-path.js'
import type { Registry } from '../registry/registry.js'
import { isBatch, parsePredictBody, readInputs, readVersion } from './predict-body.js'

const JSON_TYPE = 'application/json; charset=utf-8'

function answerJson(exchange: Exchange, query: number): string {
  const head = `{"query_id":${exchange.firstQueryId + query},"output":${exchange.outputJson(query)},"default":`
  const explanation = exchange.explanation(query)
  return explanation === undefined ? `${head}false}` : `${head}true,"default_explanation":${JSON.stringify(explanation)}}`
}

function exchangeJson(exchange: Exchange, batch: boolean): string {
  if (!batch) return answerJson(exchange, 0)
  let answers = ''
  for (let query = 0; query < exchange.size; query++) answers += (query > 0 ? ',' : '') + answerJson(exchange, query)
  return `{"batch_predictions":[${answers}]}`
}

/** Clipper's words for a refused query. */
function refusal(error: ServeError): object {
  const aboutTheBody = error.code === 'QUERY_INVALID'
  return { error: aboutTheBody ? 'Json error' : 'Query processing error', cause: error.message }
}

/** A type that is none ("json", say) would be refused before the body is read. */
function ignoreContentType({ raw }: FastifyRequest, _reply: FastifyReply, done: () => void): void {
  raw.headers['content-type'] = 'application/json'
  done()
}

/** Clipper's query API: `POST /{application}/predict`. */
export function clipperApi(app: FastifyInstance, registry: Registry, path: QueryPath): void {
  function predict(request: FastifyRequest<{ Params: { application: string } }>, reply: FastifyReply): void {
    const application = registry.application(request.params.application)
    const body = parsePredictBody((request.body as string | undefined) ?? '')
    const members = path.members(application, readVersion(body))
    const batch = isBatch(body)
    path.submit(application, members, readInputs(body, members[0]?.inputSize), (exchange) => {
      reply.header('content-type', JSON_TYPE).send(exchangeJson(exchange, batch))
    })
  }
  app.post<{ Params: { application: string } }>('/:application/predict', { onRequest: ignoreContentType }, (request, reply) => {
    try {
      predict(request, reply)
    } catch (error) {
      if (!(error instanceof ServeError)) throw error
      reply.code(error.status).send(refusal(error))
    }
  })
}
