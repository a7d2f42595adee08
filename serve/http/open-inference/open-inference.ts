import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Changes } from '../../registry/changes.js'
import type { ModelRoots } from '../../registry/model-roots.js'
import type { Publisher } from '../../registry/publisher.js'
import type { Registry } from '../../registry/registry.js'
import type { SharedState } from '../../state/state.js'
import { healthRoutes } from '../health.js'
import { parseBody } from '../json-body.js'
import { packageVersion } from '../package-version.js'
import { readBytes } from '../raw-body.js'
import type { RequestLimits } from '../request-limits.js'
import { ignoreContentType, type RouteDoc, type Schema } from '../route.js'
import { BOOLEAN, listOf, object, STRING } from '../schemas.js'
import { modelRoutes } from './model-routes.js'
import { Repository } from './repository.js'
import { fieldsOf } from './tensors.js'

const EXTENSIONS = ['binary_tensor_data', 'model_repository']

const SERVER = object({ name: STRING, version: STRING, extensions: listOf(STRING) })
const INDEX = listOf(object({ name: STRING, 'version?': STRING, state: STRING, reason: STRING }))
const doc = (summary: string, answer?: Schema): RouteDoc => ({ tag: 'Open Inference v2', summary, answer })

interface Parts {
  readonly registry: Registry
  readonly publisher: Publisher
  readonly changes: Changes
  readonly roots: ModelRoots
  readonly limits: RequestLimits
  /** Whether the server is about to close. */
  readonly draining: () => boolean
  readonly shared: SharedState | undefined
}

interface Named {
  Params: { model: string }
}

const fieldsIn = ({ body }: FastifyRequest) => {
  const text = Buffer.isBuffer(body) ? body.toString() : ''
  return text === '' ? {} : parseBody(text, '{"parameters": {...}}')
}

/**
 * The Open Inference Protocol, version 2 (also KServe's and Triton's), under `/v2`, with the binary tensor and the model repository
 * extensions. Models are named here, not applications: answers are a model's own, without selection, cache or default.
 */
export function openInferenceApi(app: FastifyInstance, parts: Parts): void {
  const { registry, changes, publisher, roots, limits, draining, shared } = parts
  const repository = new Repository(registry, changes, publisher, roots)
  app.register(
    async (v2) => {
      v2.removeAllContentTypeParsers()
      const bytes = { parseAs: 'buffer', bodyLimit: limits.maxBinaryBytes } as const
      v2.addContentTypeParser(['application/json', '*'], bytes, readBytes)
      v2.addHook('onRequest', ignoreContentType)
      v2.get('', { config: { access: 'open', doc: doc('What this server is', SERVER) } }, async () => ({
        name: 'gymnura',
        version: packageVersion(),
        extensions: EXTENSIONS,
      }))
      healthRoutes(v2, registry, draining, shared)
      modelRoutes(v2, registry, limits)
      repositoryRoutes(v2, repository)
    },
    { prefix: '/v2' },
  )
}

function repositoryRoutes(v2: FastifyInstance, repository: Repository): void {
  const config = (summary: string, body: Schema, answer?: Schema): { access: 'admin'; doc: RouteDoc } => ({
    access: 'admin',
    doc: { ...doc(summary, answer), body, ...(answer === undefined && { answerType: null }) },
  })
  const index = config('The models that are loaded, and those that could be', object({ 'ready?': BOOLEAN }), INDEX)
  v2.post('/repository/index', { config: index }, async (request) => repository.index(fieldsIn(request).ready === true))
  const load = config('Loads the newest version of a model in the model roots', object({ 'parameters?': object({}) }))
  v2.post<Named>('/repository/models/:model/load', { config: load }, async (request, reply) => {
    const { parameters = {} } = fieldsIn(request)
    await repository.load(request.params.model, fieldsOf(parameters, 'parameters'))
    return empty(reply)
  })
  const unload = config('Takes all versions of a model out', object({}))
  v2.post<Named>('/repository/models/:model/unload', { config: unload }, async (request, reply) => {
    fieldsIn(request)
    await repository.unload(request.params.model)
    return empty(reply)
  })
}

/** Triton's answer to these has no body. */
const empty = (reply: FastifyReply) => reply.send()
