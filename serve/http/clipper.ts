import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import type { Answer, Exchange } from '../query/exchange.js'
import type { QueryPath } from '../query/query-path.js'
import type { Registry } from '../registry/registry.js'
import { parsePredictBody, readInputs, readVersion } from './predict-body.js'

const JSON_TYPE = 'application/json; charset=utf-8'

function answerJson({ queryId, json, explanation }: Answer): string {
  if (explanation === undefined) return `{"query_id":${queryId},"output":${json},"default":false}`
  return `{"query_id":${queryId},"output":${json},"default":true,"default_explanation":${JSON.stringify(explanation)}}`
}

function exchangeJson({ answers }: Exchange, batch: boolean): string {
  return batch ? `{"batch_predictions":[${answers.map(answerJson).join(',')}]}` : answerJson(answers[0]!)
}

/** Clipper's words for a refused query. */
function refusal(error: ServeError): object {
  const aboutTheBody = error.code === 'QUERY_INVALID'
  return { error: aboutTheBody ? 'Json error' : 'Query processing error', cause: error.message }
}

/** Clipper's query API: `POST /{application}/predict`. */
export function clipperApi(app: FastifyInstance, registry: Registry, path: QueryPath): void {
  function predict(request: FastifyRequest<{ Params: { application: string } }>, reply: FastifyReply): void {
    const application = registry.application(request.params.application)
    const body = parsePredictBody((request.body as string | undefined) ?? '')
    const members = path.members(application, readVersion(body))
    const { rows, size, batch } = readInputs(body, members[0]?.inputSize)
    path.submit(application, members, rows, size, (exchange) => {
      reply.header('content-type', JSON_TYPE).send(exchangeJson(exchange, batch))
    })
  }
  app.post<{ Params: { application: string } }>('/:application/predict', (request, reply) => {
    try {
      predict(request, reply)
    } catch (error) {
      if (!(error instanceof ServeError)) throw error
      reply.code(error.status).send(refusal(error))
    }
  })
}
