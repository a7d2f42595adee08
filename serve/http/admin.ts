import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ControllerState } from '../batching/controller.js'
import { INPUT_TYPES, type InputType } from '../containers/element-types.js'
import type { Kind } from '../containers/kinds.js'
import { ServeError } from '../errors.js'
import { refuse, shown } from '../refusals.js'
import type { ModelVersion } from '../registry/model.js'
import { type ApplicationOptions, isSlo, LONGEST_SLO_MS } from '../registry/options.js'
import type { Publisher } from '../registry/publisher.js'
import type { Registry } from '../registry/registry.js'
import type { ApplicationRecord, Json, ModelRecord } from '../state/state.js'
import { type Body, parseBody, textOf } from './json-body.js'
import type { Schema } from './route.js'
import { ANY, BOOLEAN, INTEGER, listOf, NUMBER, NUMBERS, object, oneOf, STRING } from './schemas.js'

const LARGEST_ARTIFACT_BYTES = 1024 ** 3
const SUCCESS: Schema = { type: 'string', const: 'Success!' }
const VERSION = oneOf(STRING, INTEGER)

/** The lists' only field; their body may be left out. */
const isVerbose = (request: FastifyRequest) => parseBody(textOf(request) || '{}', '{"verbose": true}').verbose === true

function field<T extends 'string' | 'number'>(body: Body, name: string, type: T): T extends 'string' ? string : number {
  const value = body[name]
  if (typeof value === type) return value as T extends 'string' ? string : number
  throw new ServeError('QUERY_INVALID', `${name}: expected a ${type}, got ${shown(value)}`)
}

function stringList(body: Body, name: string): string[] {
  const value = body[name]
  if (Array.isArray(value) && value.every((entry) => typeof entry === 'string')) return value
  throw new ServeError('QUERY_INVALID', `${name}: expected an array of strings, got ${shown(value)}`)
}

/** A version as a string or a whole number, checked where it is looked up. */
function versionOf({ model_version: version }: Body): string {
  if (typeof version === 'string' || Number.isSafeInteger(version)) return String(version)
  throw new ServeError('QUERY_INVALID', `model_version: expected a string or a whole number, got ${shown(version)}`)
}

const containersJson = ({ id, dispatcher }: ModelVersion) =>
  dispatcher.replicas.map(({ ready, pid, restarts, maxBatch, objectiveMs, controller }, replica) => {
    return {
      model_id: id,
      replica,
      ready,
      pid,
      restarts,
      max_batch: maxBatch,
      objective_ms: objectiveMs,
      batching: batchingJson(controller),
    }
  })

/** How batches are sized, and the last tooth of the limit's saw. */
const batchingJson = ({ policy, usualMs, grown, cut, peak, trough }: ControllerState) => ({
  policy,
  usual_ms: usualMs,
  grown,
  cut,
  peak,
  trough,
})

/** Checked here where the wire's names or units are others than the options'. */
function applicationOf(body: Body): ApplicationOptions {
  const name = field(body, 'name', 'string')
  const { input_type = 'floats', default_output, latency_slo_micros: micros, selection, confidence_threshold, reward_range } = body
  if (!INPUT_TYPES.includes(input_type as InputType)) refuse('input_type', input_type, INPUT_TYPES.join(', '))
  if (default_output === undefined) refuse('default_output', default_output, 'a JSON value')
  const sloMs = micros === undefined ? undefined : field(body, 'latency_slo_micros', 'number') / 1000
  if (sloMs !== undefined && !isSlo(sloMs)) refuse('latency_slo_micros', micros, `more than 0, up to ${1000 * LONGEST_SLO_MS}`)
  // What these hold is checked with the options.
  return {
    name,
    inputType: input_type as InputType,
    overload: body.overload as ApplicationOptions['overload'],
    defaultOutput: default_output as Json,
    sloMs,
    selection: selection as ApplicationOptions['selection'],
    confidenceThreshold: confidence_threshold as number | undefined,
    rewardRange: reward_range as [number, number] | undefined,
  }
}

const applicationJson = (record: ApplicationRecord) => ({
  name: record.name,
  input_type: record.inputType,
  default_output: record.defaultOutput,
  latency_slo_micros: record.sloMs * 1000,
  selection: record.selection,
  confidence_threshold: record.confidenceThreshold,
  reward_range: record.rewardRange,
  overload: record.overload ?? 'default',
  linked_models: record.models,
})

const modelJson = ({
  name,
  version,
  current,
  isolation,
  replicas,
  inputType,
  inputSize,
  algorithm,
  environmentId,
  settings,
}: ModelRecord) => ({
  model_name: name,
  model_version: version,
  is_current_version: current,
  kind: settings?.kind ?? 'policy',
  input_type: inputType,
  input_size: inputSize,
  isolation,
  replicas,
  algorithm,
  environment_id: environmentId,
})

/** Clipper's admin API under `/admin/`, and `POST /admin/publish`, whose body is a policy file's bytes. */
export function adminApi(app: FastifyInstance, registry: Registry, publisher: Publisher): void {
  app.register(
    async (admin) => {
      const post = (path: string, summary: string, body: Schema, answer: Schema, answered: (request: FastifyRequest) => unknown) => {
        admin.post(path, { config: { access: 'admin', doc: { tag: 'Admin', summary, body, answer } } }, async (request) =>
          answered(request),
        )
      }
      admin.get(
        '/ping',
        { config: { access: 'admin', doc: { tag: 'Admin', summary: 'Answers PONG', answer: STRING } } },
        async () => 'PONG',
      )
      post(
        '/add_app',
        'Registers an application',
        object({
          name: STRING,
          default_output: ANY,
          'input_type?': STRING,
          'latency_slo_micros?': NUMBER,
          'selection?': ANY,
          'confidence_threshold?': NUMBER,
          'reward_range?': NUMBERS,
        }),
        SUCCESS,
        async (request) => {
          const body = parseBody(textOf(request), '{"name": ..., "default_output": ...}')
          await registry.registerApplication(applicationOf(body))
          return 'Success!'
        },
      )
      post(
        '/add_model_links',
        'Links models to an application, all or none',
        object({ app_name: STRING, model_names: listOf(STRING) }),
        SUCCESS,
        async (request) => {
          const body = parseBody(textOf(request), '{"app_name": ..., "model_names": [...]}')
          const application = field(body, 'app_name', 'string')
          await registry.link(application, stringList(body, 'model_names'))
          return 'Success!'
        },
      )
      post('/delete_app', 'Deletes an application; its models stay', object({ name: STRING }), SUCCESS, async (request) => {
        await registry.removeApplication(field(parseBody(textOf(request), '{"name": ...}'), 'name', 'string'))
        return 'Success!'
      })
      post(
        '/delete_model_links',
        'Unlinks models, named as they were linked',
        object({ app_name: STRING, model_names: listOf(STRING) }),
        SUCCESS,
        async (request) => {
          const body = parseBody(textOf(request), '{"app_name": ..., "model_names": [...]}')
          await registry.unlink(field(body, 'app_name', 'string'), stringList(body, 'model_names'))
          return 'Success!'
        },
      )
      post('/get_linked_models', 'The links of an application', object({ app_name: STRING }), listOf(STRING), async (request) => {
        return registry.application(field(parseBody(textOf(request), '{"app_name": ...}'), 'app_name', 'string')).links
      })
      post(
        '/set_model_version',
        'Makes another version the one that answers',
        object({ model_name: STRING, model_version: VERSION }),
        MODEL,
        async (request) => {
          const body = parseBody(textOf(request), '{"model_name": ..., "model_version": ...}')
          return modelJson(await registry.setVersion(field(body, 'model_name', 'string'), versionOf(body)))
        },
      )
      post('/rollback_model', 'Goes back to the version that answered before', object({ model_name: STRING }), MODEL, async (request) => {
        return modelJson(await registry.rollback(field(parseBody(textOf(request), '{"model_name": ...}'), 'model_name', 'string')))
      })
      post(
        '/set_replicas',
        'More or fewer containers side by side',
        object({ model_name: STRING, replicas: INTEGER, 'model_version?': VERSION }),
        MODEL,
        async (request) => {
          const body = parseBody(textOf(request), '{"model_name": ..., "replicas": ...}')
          const version = body.model_version === undefined ? undefined : versionOf(body)
          return modelJson(await publisher.setReplicas(field(body, 'model_name', 'string'), version, field(body, 'replicas', 'number')))
        },
      )
      post(
        '/delete_versioned_model',
        'Deletes a version that answers for nobody',
        object({ model_name: STRING, model_version: VERSION }),
        SUCCESS,
        async (request) => {
          const body = parseBody(textOf(request), '{"model_name": ..., "model_version": ...}')
          await publisher.remove(field(body, 'model_name', 'string'), versionOf(body))
          return 'Success!'
        },
      )
      post('/get_application', 'An application', object({ name: STRING }), APPLICATION, async (request) => {
        return applicationJson(registry.application(field(parseBody(textOf(request), '{"name": ...}'), 'name', 'string')).toRecord())
      })
      post(
        '/get_model',
        "A model's version, the current one where none is named",
        object({ model_name: STRING, 'model_version?': VERSION }),
        MODEL,
        async (request) => {
          const body = parseBody(textOf(request), '{"model_name": ..., "model_version": ...}')
          const model = registry.model(field(body, 'model_name', 'string'))
          const { record } = model.version(body.model_version === undefined ? undefined : versionOf(body))
          return modelJson({ ...record, current: model.current.record === record })
        },
      )
      post('/get_all_containers', 'All containers, by name or verbose', VERBOSE, listOf(ANY), async (request) => {
        const containers = [...registry.models.values()].flatMap(({ versions }) => [...versions.values()].flatMap(containersJson))
        return isVerbose(request) ? containers : containers.map(({ model_id, replica }) => `${model_id}:${replica}`)
      })
      post(
        '/get_container',
        'A container',
        object({ model_name: STRING, model_version: VERSION, replica_id: INTEGER }),
        ANY,
        async (request) => {
          const body = parseBody(textOf(request), '{"model_name": ..., "model_version": ..., "replica_id": ...}')
          const version = registry.model(field(body, 'model_name', 'string')).version(versionOf(body))
          const replica = field(body, 'replica_id', 'number')
          const found = containersJson(version)[replica]
          if (found !== undefined) return found
          throw new ServeError(
            'CONTAINER_UNKNOWN',
            `${version.id} has ${version.dispatcher.replicas.length} replicas, numbered from 0; got ${replica}`,
          )
        },
      )
      post('/get_all_applications', 'All applications, by name or verbose', VERBOSE, listOf(ANY), async (request) => {
        const records = await registry.listApplications()
        return isVerbose(request) ? records.map(applicationJson) : records.map(({ name }) => name)
      })
      post('/get_all_models', 'All versions of all models, by name or verbose', VERBOSE, listOf(ANY), async (request) => {
        const records = await registry.listModels()
        return isVerbose(request) ? records.map(modelJson) : records.map(({ name, version }) => `${name}:${version}`)
      })
      await admin.register(async (upload) => publishRoute(upload, publisher))
    },
    { prefix: '/admin' },
  )
}

const VERBOSE = object({ 'verbose?': BOOLEAN })
const APPLICATION = object({
  name: STRING,
  input_type: STRING,
  default_output: ANY,
  latency_slo_micros: NUMBER,
  selection: ANY,
  confidence_threshold: NUMBER,
  reward_range: NUMBERS,
  linked_models: listOf(STRING),
})
const MODEL = object({
  model_name: STRING,
  model_version: STRING,
  is_current_version: BOOLEAN,
  input_type: STRING,
  input_size: INTEGER,
  isolation: STRING,
  replicas: INTEGER,
  'algorithm?': STRING,
  'environment_id?': STRING,
})

interface PublishQuery {
  name?: string
  version?: string
  replicas?: string
  isolation?: string
  kind?: string
}

function wholeNumber(name: string, given: unknown): number {
  if (typeof given !== 'string' || !/^\d+$/.test(given)) refuse(name, given, 'a whole number')
  return Number(given)
}

function publishRoute(upload: FastifyInstance, publisher: Publisher): void {
  upload.removeAllContentTypeParsers()
  upload.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer', bodyLimit: LARGEST_ARTIFACT_BYTES },
    (_request, body, done) => done(null, body),
  )
  const doc = {
    tag: 'Admin',
    summary: "Puts a policy file's bytes live; answers once it is warm",
    query: { name: STRING, version: STRING, replicas: INTEGER, isolation: STRING, kind: STRING },
    body: { type: 'string', format: 'binary' },
    bodyType: 'application/octet-stream',
    answer: MODEL,
  }
  upload.post<{ Querystring: PublishQuery }>(
    '/publish',
    { bodyLimit: LARGEST_ARTIFACT_BYTES, config: { access: 'admin', doc } },
    async (request) => {
      const { name = '', version, replicas, isolation, kind } = request.query
      const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
      const record = await publisher.publish(name, bytes, {
        version,
        replicas: replicas === undefined ? undefined : wholeNumber('replicas', replicas),
        isolation: isolation as 'process' | undefined,
        kind: kind as Kind | undefined,
      })
      return modelJson(record)
    },
  )
}
