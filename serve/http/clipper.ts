import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import type { Exchange } from '../query/exchange.js'
import type { FeedbackDesk } from '../query/feedback.js'
import type { QueryPath } from '../query/query-path.js'
import type { Registry } from '../registry/registry.js'
import { readLabel, readQueryId, readUser, readVerdict } from './feedback-body.js'
import { parseBody, textOf } from './json-body.js'
import { isBatch, parsePredictBody, readInputs, readVersion } from './predict-body.js'

const JSON_TYPE = 'application/json; charset=utf-8'

function answerJson(exchange: Exchange, query: number): string {
  const head = `{"query_id":${exchange.firstQueryId + query},"output":${exchange.outputJson(query)},"default":`
  const explanation = exchange.explanation(query)
  const told = explanation === undefined ? `${head}false` : `${head}true,"default_explanation":${JSON.stringify(explanation)}`
  // Where one model answers alone there is nothing to say, and the answer is Clipper's to the letter.
  return exchange.selected === undefined ? `${told}}` : `${told},${confidenceJson(exchange.confidence(query), explanation)}}`
}

/** Of an answer that several models could have given: how sure they are, and whether that is enough. */
function confidenceJson(confidence: number, explanation: string | undefined): string {
  return `"confidence":${confidence},"confident":${explanation === undefined}`
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

/** Clipper's query API: `POST /{application}/predict` and `/update`. */
export function clipperApi(app: FastifyInstance, registry: Registry, path: QueryPath, desk: FeedbackDesk): void {
  function predict(request: FastifyRequest<{ Params: { application: string } }>, reply: FastifyReply): void {
    const application = registry.application(request.params.application)
    const body = parsePredictBody(textOf(request))
    const version = readVersion(body)
    const batch = isBatch(body)
    const inputs = readInputs(body, application.arms[0]?.resolve(version).description)
    path.submit(application, inputs, { version, user: readUser(body.user, 'user') }, (exchange) => {
      reply.header('content-type', JSON_TYPE).send(exchangeJson(exchange, batch))
    })
  }

  /** `{"uid", "input", "label"}` as Clipper's, answered in its words; or `{"query_id", "reward" | "label"}`, answered in JSON. */
  async function update(request: FastifyRequest<{ Params: { application: string } }>): Promise<string | object> {
    const application = registry.application(request.params.application)
    const body = parseBody(textOf(request), '{"query_id": ..., "reward": ...} or {"uid": ..., "input": [...], "label": ...}')
    if (body.query_id !== undefined) return desk.feedback(application, readQueryId(body), readVerdict(body))
    const inputs = readInputs(body, application.arms[0]?.resolve().description)
    if (isBatch(body)) throw new ServeError('QUERY_INVALID', 'input_batch: feedback is on one input; send "input"')
    return `Feedback received? ${(await desk.update(application, readUser(body.uid, 'uid'), inputs, readLabel(body))) > 0 ? 1 : 0}`
  }
  app.post<{ Params: { application: string } }>('/:application/predict', { onRequest: ignoreContentType }, (request, reply) => {
    try {
      predict(request, reply)
    } catch (error) {
      if (!(error instanceof ServeError)) throw error
      if (error.retryAfterS !== undefined) reply.header('retry-after', error.retryAfterS)
      reply.code(error.status).send(refusal(error))
    }
  })
  app.post<{ Params: { application: string } }>('/:application/update', { onRequest: ignoreContentType }, async (request, reply) => {
    try {
      return await update(request)
    } catch (error) {
      if (!(error instanceof ServeError)) throw error
      return reply.code(error.status).send(refusal(error))
    }
  })
}
