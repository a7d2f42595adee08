import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ServeError } from '../../errors.js'
import type { LogBook } from '../../log/log-book.js'
import type { ServeMetrics } from '../../metrics.js'
import { refuse } from '../../refusals.js'
import type { Changes } from '../../registry/changes.js'
import type { ModelRoots } from '../../registry/model-roots.js'
import { impliedKind } from '../../registry/model-source.js'
import type { Publisher } from '../../registry/publisher.js'
import type { Registry } from '../../registry/registry.js'
import type { TokenDesk } from '../../security/token-desk.js'
import { type Body, parseBody, textOf } from '../json-body.js'
import type { Schema } from '../route.js'
import { ANY, BOOLEAN, INTEGER, listOf, NUMBER, NUMBERS, object, oneOf, STRING } from '../schemas.js'
import type { EventStream } from '../streams/event-stream.js'
import { applicationOf, field, isVerbose, stringList, versionOf } from './fields.js'
import { APPLICATION, applicationJson, containersJson, MODEL, modelJson } from './json.js'
import { logsRoutes } from './logs.js'
import { publishRoute } from './publish.js'
import { tokenRoutes } from './tokens.js'

const TEXT = 'text/plain'
const SUCCESS: Schema = { type: 'string', const: 'Success!' }
const VERSION = oneOf(STRING, INTEGER)
const VERBOSE = object({ 'verbose?': BOOLEAN })

interface Parts {
  readonly registry: Registry
  readonly changes: Changes
  readonly publisher: Publisher
  readonly roots: ModelRoots
  readonly tokenDesk: TokenDesk
  readonly metrics: () => ServeMetrics
  readonly logBook: LogBook
  readonly openStream: (reply: FastifyReply) => EventStream
}

/** Clipper's admin API under `/admin/`, `POST /admin/publish`, whose body is a model file's bytes, and `GET /admin/logs`. */
export function adminApi(app: FastifyInstance, parts: Parts): void {
  const { registry, changes, publisher, roots, tokenDesk, metrics, logBook, openStream } = parts
  app.register(
    async (admin) => {
      const post = (path: string, summary: string, body: Schema, answer: Schema, answered: (request: FastifyRequest) => unknown) => {
        admin.post(
          path,
          { config: { access: 'admin', doc: { tag: 'Admin', summary, body, answer, answerType: answer === SUCCESS ? TEXT : undefined } } },
          async (request) => answered(request),
        )
      }
      /** The same, of what the body says; `expected` shows its form to who sends another. */
      const ask = (path: string, summary: string, body: Schema, answer: Schema, expected: string, answered: (body: Body) => unknown) =>
        post(path, summary, body, answer, (request) => answered(parseBody(textOf(request), expected)))
      admin.get(
        '/ping',
        { config: { access: 'admin', doc: { tag: 'Admin', summary: 'Answers PONG', answer: STRING, answerType: TEXT } } },
        async () => 'PONG',
      )
      ask(
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
          'overload?': { enum: ['default', 'shed'] },
        }),
        SUCCESS,
        '{"name": ..., "default_output": ...}',
        async (body) => {
          await changes.registerApplication(applicationOf(body))
          return 'Success!'
        },
      )
      ask(
        '/add_model_links',
        'Links models to an application, all or none',
        object({ app_name: STRING, model_names: listOf(STRING) }),
        SUCCESS,
        '{"app_name": ..., "model_names": [...]}',
        async (body) => {
          const application = field(body, 'app_name', 'string')
          await changes.link(application, stringList(body, 'model_names'))
          return 'Success!'
        },
      )
      ask(
        '/add_model',
        'Puts a model file in the model roots live, without an application; answers once it is warm',
        object({ model_name: STRING, model_version: VERSION, model_data_path: STRING }),
        SUCCESS,
        '{"model_name": ..., "model_version": ..., "model_data_path": ...}',
        async (body) => {
          const path = field(body, 'model_data_path', 'string')
          const kind = impliedKind(path)
          if (kind === 'tfjs') refuse('model_data_path', path, 'a model of one file; publish this one from the program that serves')
          const options = { version: versionOf(body), kind, application: false }
          const name = field(body, 'model_name', 'string')
          await publisher.publish(name, await roots.read(path), options)
          return 'Success!'
        },
      )
      ask('/delete_app', 'Deletes an application; its models stay', object({ name: STRING }), SUCCESS, '{"name": ...}', async (body) => {
        await changes.removeApplication(field(body, 'name', 'string'))
        return 'Success!'
      })
      ask(
        '/delete_model_links',
        'Unlinks models, named as they were linked',
        object({ app_name: STRING, model_names: listOf(STRING) }),
        SUCCESS,
        '{"app_name": ..., "model_names": [...]}',
        async (body) => {
          await changes.unlink(field(body, 'app_name', 'string'), stringList(body, 'model_names'))
          return 'Success!'
        },
      )
      ask(
        '/get_linked_models',
        'The links of an application',
        object({ app_name: STRING }),
        listOf(STRING),
        '{"app_name": ...}',
        async (body) => {
          return registry.application(field(body, 'app_name', 'string')).links
        },
      )
      ask(
        '/set_model_version',
        'Makes another version the one that answers',
        object({ model_name: STRING, model_version: VERSION }),
        MODEL,
        '{"model_name": ..., "model_version": ...}',
        async (body) => {
          return modelJson(await changes.setVersion(field(body, 'model_name', 'string'), versionOf(body)))
        },
      )
      ask(
        '/rollback_model',
        'Goes back to the version that answered before',
        object({ model_name: STRING }),
        MODEL,
        '{"model_name": ...}',
        async (body) => {
          return modelJson(await changes.rollback(field(body, 'model_name', 'string')))
        },
      )
      ask(
        '/set_replicas',
        'More or fewer containers side by side',
        object({ model_name: STRING, replicas: INTEGER, 'model_version?': VERSION }),
        MODEL,
        '{"model_name": ..., "replicas": ...}',
        async (body) => {
          const version = body.model_version === undefined ? undefined : versionOf(body)
          return modelJson(await publisher.setReplicas(field(body, 'model_name', 'string'), version, field(body, 'replicas', 'number')))
        },
      )
      ask(
        '/delete_versioned_model',
        'Deletes a version that answers for nobody',
        object({ model_name: STRING, model_version: VERSION }),
        SUCCESS,
        '{"model_name": ..., "model_version": ...}',
        async (body) => {
          await publisher.remove(field(body, 'model_name', 'string'), versionOf(body))
          return 'Success!'
        },
      )
      ask('/get_application', 'An application', object({ name: STRING }), APPLICATION, '{"name": ...}', async (body) => {
        return applicationJson(registry.application(field(body, 'name', 'string')).toRecord())
      })
      ask(
        '/get_model',
        "A model's version, the current one where none is named",
        object({ model_name: STRING, 'model_version?': VERSION }),
        MODEL,
        '{"model_name": ..., "model_version": ...}',
        async (body) => {
          const model = registry.model(field(body, 'model_name', 'string'))
          const { record } = model.version(body.model_version === undefined ? undefined : versionOf(body))
          return modelJson({ ...record, current: model.current.record === record })
        },
      )
      post('/get_all_containers', 'All containers, by name or verbose', VERBOSE, listOf(ANY), async (request) => {
        const containers = [...registry.models.values()].flatMap(({ versions }) => [...versions.values()].flatMap(containersJson))
        return isVerbose(request) ? containers : containers.map(({ model_id, replica }) => `${model_id}:${replica}`)
      })
      post('/get_container_address', 'Where containers connect to, host:port', object({}), object({ address: STRING }), async () => ({
        address: await publisher.containerAddress(),
      }))
      ask(
        '/get_container',
        'A container',
        object({ model_name: STRING, model_version: VERSION, replica_id: INTEGER }),
        ANY,
        '{"model_name": ..., "model_version": ..., "replica_id": ...}',
        async (body) => {
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
        const records = registry.listApplications()
        return isVerbose(request) ? records.map(applicationJson) : records.map(({ name }) => name)
      })
      post('/get_all_models', 'All versions of all models, by name or verbose', VERBOSE, listOf(ANY), async (request) => {
        const records = registry.listModels()
        return isVerbose(request) ? records.map(modelJson) : records.map(({ name, version }) => `${name}:${version}`)
      })
      const doc = { tag: 'Admin', summary: 'What `server.metrics()` gives, for a live view; /metrics has it for Prometheus', answer: ANY }
      admin.get('/metrics', { config: { access: 'admin', doc } }, async () => metrics())
      logsRoutes(admin, logBook, openStream)
      tokenRoutes(admin, tokenDesk)
      await admin.register(async (upload) => publishRoute(upload, publisher))
    },
    { prefix: '/admin' },
  )
}
