import type { FastifyInstance, FastifyRequest } from 'fastify'
import { ServeError } from '../../errors.js'
import { inferBlock } from '../../query/blocks.js'
import { signatureOf } from '../../query/signature.js'
import type { ModelVersion } from '../../registry/model.js'
import type { Registry } from '../../registry/registry.js'
import { textOf } from '../json-body.js'
import type { RequestLimits } from '../request-limits.js'
import { ignoreContentType, type RouteDoc } from '../route.js'
import { ANY, listOf, object, oneOf, STRING } from '../schemas.js'
import { classifyAnswer, classScores, predictAnswer, regressAnswer, regressed } from './answers.js'
import { labelled, metadataJson, statusesJson } from './metadata.js'
import { readExamples, readPredict } from './requests.js'

const LIMIT_MS = 10_000
const TAG = 'TensorFlow Serving'

interface ModelRoute {
  Params: { model: string; version?: string; label?: string }
}

const PREDICT: RouteDoc = {
  tag: TAG,
  summary: "A model's outputs for rows: an answer a row (instances), or a tensor an output (inputs)",
  body: object({ 'signature_name?': STRING, 'instances?': listOf(ANY), 'inputs?': ANY }),
  answer: oneOf(object({ predictions: listOf(ANY) }), object({ outputs: ANY })),
}
const EXAMPLES = object({ 'signature_name?': STRING, 'context?': object({}), examples: listOf(object({})) })
const CLASSIFY: RouteDoc = {
  tag: TAG,
  summary: 'The probability of each class, or action',
  body: EXAMPLES,
  answer: object({ results: listOf(listOf(ANY)) }),
}
const REGRESS: RouteDoc = { tag: TAG, summary: 'One number a row', body: EXAMPLES, answer: object({ results: listOf({ type: 'number' }) }) }
const STATUS: RouteDoc = { tag: TAG, summary: "The state of a model's versions", answer: object({ model_version_status: listOf(ANY) }) }
const METADATA: RouteDoc = { tag: TAG, summary: 'What a model takes and gives', answer: object({ model_spec: ANY, metadata: ANY }) }

/**
 * TensorFlow Serving's REST API, under `/v1`. Models are named here, not applications: answers are a model's own, without selection,
 * cache or default.
 */
export function tfServingApi(app: FastifyInstance, registry: Registry, limits: RequestLimits): void {
  function chosen({ params }: FastifyRequest<ModelRoute>): ModelVersion {
    const model = registry.model(params.model)
    if (params.label === undefined) return model.version(params.version)
    const found = labelled(model, params.label)
    if (found !== undefined) return found
    throw new ServeError(
      'MODEL_VERSION_UNKNOWN',
      `"${model.name}" has no version labelled "${params.label}"; there is stable, latest, previous`,
    )
  }

  async function predict(request: FastifyRequest<ModelRoute>): Promise<object> {
    const version = chosen(request)
    const signature = signatureOf(version.description)
    const { inputs, format } = readPredict(textOf(request), version.description, signature, limits)
    return predictAnswer(await inferBlock(version, inputs, true, LIMIT_MS), signature, inputs.size, format)
  }

  async function classify(request: FastifyRequest<ModelRoute>): Promise<object> {
    const version = chosen(request)
    const signature = signatureOf(version.description)
    if (classScores(signature) < 0)
      throw new ServeError('QUERY_INVALID', `${version.id} has no output "probabilities" to classify by; use :predict`)
    const inputs = readExamples(textOf(request), version.description, signature, limits)
    return classifyAnswer(await inferBlock(version, inputs, true, LIMIT_MS), signature, inputs.size)
  }

  async function regress(request: FastifyRequest<ModelRoute>): Promise<object> {
    const version = chosen(request)
    const signature = signatureOf(version.description)
    if (regressed(signature) < 0)
      throw new ServeError('QUERY_INVALID', `${version.id} has no output of one number to regress by; use :predict`)
    const inputs = readExamples(textOf(request), version.description, signature, limits)
    return regressAnswer(await inferBlock(version, inputs, true, LIMIT_MS), signature, inputs.size)
  }

  function status(request: FastifyRequest<ModelRoute>): object {
    const { version, label, model } = request.params
    const all = version === undefined && label === undefined
    return statusesJson(all ? registry.model(model).versions.values() : [chosen(request)])
  }

  const verbs = { predict: [predict, PREDICT], classify: [classify, CLASSIFY], regress: [regress, REGRESS] } as const
  for (const base of ['/v1/models/:model', '/v1/models/:model/versions/:version', '/v1/models/:model/labels/:label']) {
    app.get<ModelRoute>(base, { config: { access: 'application', doc: STATUS } }, async (request) => status(request))
    app.get<ModelRoute>(`${base}/metadata`, { config: { access: 'application', doc: METADATA } }, async (request) => {
      const version = chosen(request)
      return metadataJson(version, signatureOf(version.description))
    })
    for (const [verb, [answer, doc]] of Object.entries(verbs)) {
      // A parameter ends before the colon of a verb; two colons are the colon itself.
      const path = `${base}(^[^:/]+)::${verb}`
      app.post<ModelRoute>(path, { onRequest: ignoreContentType, config: { access: 'application', doc } }, answer)
    }
  }
}
