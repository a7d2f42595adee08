import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ServeError } from '../errors.js'
import type { Exchange } from '../query/exchange.js'
import type { FeedbackDesk } from '../query/feedback.js'
import type { QueryPath } from '../query/query-path.js'
import type { Registry } from '../registry/registry.js'
import { refusalHeaders } from './answer-error.js'
import { answerJson } from './answer-json.js'
import { readLabel, readQueryId, readUser, readVerdict } from './feedback-body.js'
import { parseBody, textOf } from './json-body.js'
import { isBatch, parsePredictBody, readInputs, readVersion } from './predict-body.js'
import type { RequestLimits } from './request-limits.js'
import { ignoreContentType, type RouteDoc } from './route.js'
import { ANY, BOOLEAN, INTEGER, listOf, NUMBER, NUMBERS, object, oneOf, STRING } from './schemas.js'

const JSON_TYPE = 'application/json; charset=utf-8'

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

const QUERY = object({
  'input?': NUMBERS,
  'input_batch?': listOf(NUMBERS),
  'version?': oneOf(STRING, INTEGER),
  'user?': oneOf(STRING, INTEGER),
})
const ANSWER = object({
  query_id: INTEGER,
  output: ANY,
  default: BOOLEAN,
  'default_explanation?': STRING,
  'confidence?': NUMBER,
  'confident?': BOOLEAN,
})
const PREDICT: RouteDoc = {
  tag: 'Clipper',
  summary: 'The output for one input, or for each of a batch, before the deadline',
  body: QUERY,
  answer: oneOf(ANSWER, object({ batch_predictions: listOf(ANSWER) })),
}
const UPDATE: RouteDoc = {
  tag: 'Clipper',
  summary: 'Feedback: a reward or a label for a query, or the label of an input',
  body: oneOf(
    object({ query_id: INTEGER, 'reward?': NUMBER, 'label?': ANY }),
    object({ 'uid?': oneOf(STRING, INTEGER), input: NUMBERS, label: ANY }),
  ),
  answer: object({ accepted: BOOLEAN, 'reason?': STRING }),
  orText: true,
}

interface Parts {
  readonly registry: Registry
  readonly path: QueryPath
  readonly desk: FeedbackDesk
  readonly limits: RequestLimits
}

/** Clipper's query API: `POST /{application}/predict` and `/update`. */
export function clipperApi(app: FastifyInstance, { registry, path, desk, limits }: Parts): void {
  function predict(request: FastifyRequest<{ Params: { application: string } }>, reply: FastifyReply): void {
    const application = registry.application(request.params.application)
    const body = parsePredictBody(textOf(request), limits)
    const version = readVersion(body)
    const batch = isBatch(body)
    const inputs = readInputs(body, application.takes(version), limits)
    path.submit(application, inputs, { version, user: readUser(body.user, 'user') }, (exchange) => {
      reply.header('content-type', JSON_TYPE).send(exchangeJson(exchange, batch))
    })
  }

  /** `{"uid", "input", "label"}` as Clipper's, answered in its words; or `{"query_id", "reward" | "label"}`, answered in JSON. */
  async function update(request: FastifyRequest<{ Params: { application: string } }>): Promise<string | object> {
    const application = registry.application(request.params.application)
    const body = parseBody(textOf(request), '{"query_id": ..., "reward": ...} or {"uid": ..., "input": [...], "label": ...}')
    if (body.query_id !== undefined) return desk.feedback(application, readQueryId(body), readVerdict(body))
    const inputs = readInputs(body, application.takes(), limits)
    if (isBatch(body)) throw new ServeError('QUERY_INVALID', 'input_batch: feedback is on one input; send "input"')
    return `Feedback received? ${(await desk.update(application, readUser(body.uid, 'uid'), inputs, readLabel(body))) > 0 ? 1 : 0}`
  }
  app.post<{ Params: { application: string } }>(
    '/:application/predict',
    { onRequest: ignoreContentType, config: { access: 'application', lean: true, doc: PREDICT } },
    (request, reply) => {
      try {
        predict(request, reply)
      } catch (error) {
        if (!(error instanceof ServeError)) throw error
        refusalHeaders(reply, error)
        reply.code(error.status).send(refusal(error))
      }
    },
  )
  app.post<{ Params: { application: string } }>(
    '/:application/update',
    { onRequest: ignoreContentType, config: { access: 'application', doc: UPDATE } },
    async (request, reply) => {
      try {
        return await update(request)
      } catch (error) {
        if (!(error instanceof ServeError)) throw error
        refusalHeaders(reply, error)
        return reply.code(error.status).send(refusal(error))
      }
    },
  )
}
