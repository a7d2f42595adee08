import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OutputDescription } from '../../containers/container.js'
import { inferBlock } from '../../query/blocks.js'
import { type InputSpec, signatureOf } from '../../query/signature.js'
import type { ModelVersion } from '../../registry/model.js'
import type { Registry } from '../../registry/registry.js'
import type { RequestLimits } from '../request-limits.js'
import type { RouteDoc } from '../route.js'
import { ANY, BOOLEAN, INTEGER, listOf, object, STRING } from '../schemas.js'
import { DATATYPES } from './datatypes.js'
import { readInferRequest, wantedOutputs } from './infer-request.js'
import { datatypeOf, inferAnswer, shapeOf } from './infer-response.js'
import { rowsOf } from './rows.js'

const JSON_LENGTH_HEADER = 'inference-header-content-length'
const JSON_TYPE = 'application/json; charset=utf-8'
const BYTES_TYPE = 'application/octet-stream'

const SHAPE = listOf(INTEGER)
const TENSOR = object({ name: STRING, datatype: STRING, shape: SHAPE })
const TAG = 'Open Inference v2'
const METADATA: RouteDoc = {
  tag: TAG,
  summary: 'What a model takes and gives',
  answer: object({ name: STRING, versions: listOf(STRING), platform: STRING, inputs: listOf(TENSOR), outputs: listOf(TENSOR) }),
}
const READY: RouteDoc = { tag: TAG, summary: 'Whether a model answers; 503 while not', answer: object({ name: STRING, ready: BOOLEAN }) }
const INFER: RouteDoc = {
  tag: TAG,
  summary: "A model's outputs for a block of rows; as JSON, or with Inference-Header-Content-Length as JSON and binary tensors",
  body: object({
    'id?': STRING,
    'parameters?': object({ 'timeout?': INTEGER, 'binary_data_output?': BOOLEAN }),
    inputs: listOf(
      object({
        name: STRING,
        datatype: { enum: DATATYPES },
        shape: SHAPE,
        'data?': listOf(ANY),
        'parameters?': object({ 'binary_data_size?': INTEGER }),
      }),
    ),
    'outputs?': listOf(object({ name: STRING, 'parameters?': object({ 'binary_data?': BOOLEAN }) })),
  }),
  answer: object({ 'id?': STRING, model_name: STRING, model_version: STRING, outputs: listOf(TENSOR) }),
}

interface ModelRoute {
  Params: { model: string; version?: string }
}

const tensorJson = (isInput: boolean) => (spec: InputSpec | OutputDescription) => ({
  name: spec.name,
  datatype: datatypeOf(spec, isInput),
  shape: [-1, ...shapeOf(spec, isInput)],
})

function metadataOf(version: ModelVersion, versions: readonly string[]): object {
  const { input, outputs } = signatureOf(version.description)
  return {
    name: version.name,
    versions,
    platform: `gymnura_${version.record.settings?.kind ?? 'policy'}`,
    inputs: [tensorJson(true)(input)],
    outputs: outputs.map(tensorJson(false)),
  }
}

/** The calls about one model: its metadata, whether it is ready, and what it infers. */
export function modelRoutes(app: FastifyInstance, registry: Registry, limits: RequestLimits): void {
  const chosen = ({ params: { model, version } }: FastifyRequest<ModelRoute>) => registry.model(model).version(version)

  function metadata(request: FastifyRequest<ModelRoute>): object {
    return metadataOf(chosen(request), [...registry.model(request.params.model).versions.keys()])
  }

  async function ready(request: FastifyRequest<ModelRoute>, reply: FastifyReply): Promise<object> {
    const { name, dispatcher } = chosen(request)
    if (!dispatcher.ready) reply.code(503)
    return { name, ready: dispatcher.ready }
  }

  async function infer(request: FastifyRequest<ModelRoute>, reply: FastifyReply): Promise<FastifyReply> {
    const version = chosen(request)
    const signature = signatureOf(version.description)
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const asked = readInferRequest(body, request.headers[JSON_LENGTH_HEADER], limits)
    const wanted = wantedOutputs(asked, signature)
    const inputs = rowsOf(asked, signature)
    const wantsExtras = wanted.some(({ name }) => name !== signature.outputs[0]!.name)
    const result = await inferBlock(version, inputs, wantsExtras, asked.withinMs)
    const head = { model: version.name, version: version.version, id: asked.id }
    const answer = inferAnswer(head, signature, wanted, inputs.size, result)
    reply.header('content-type', answer.jsonLength === undefined ? JSON_TYPE : BYTES_TYPE)
    if (answer.jsonLength !== undefined) reply.header(JSON_LENGTH_HEADER, answer.jsonLength)
    return reply.send(answer.body)
  }

  for (const base of ['/models/:model', '/models/:model/versions/:version']) {
    app.get<ModelRoute>(base, { config: { access: 'application', doc: METADATA } }, async (request) => metadata(request))
    app.get<ModelRoute>(`${base}/ready`, { config: { access: 'application', doc: READY } }, ready)
    app.post<ModelRoute>(
      `${base}/infer`,
      { bodyLimit: limits.maxBinaryBytes, config: { access: 'application', lean: true, doc: INFER } },
      infer,
    )
  }
}
