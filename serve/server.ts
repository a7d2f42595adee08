import { writeSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import pino, { type Logger } from 'pino'
import { CODE_KINDS, type CodeKind } from './containers/kinds.js'
import { ContainerListener } from './containers/listener.js'
import { ServeError } from './errors.js'
import { adminApi } from './http/admin.js'
import { httpApp, listen } from './http/app.js'
import { clipperApi } from './http/clipper.js'
import { healthApi } from './http/health.js'
import { metricsApi } from './http/metrics.js'
import { readMetrics, type ServeMetrics } from './metrics.js'
import { PredictionCache } from './query/cache.js'
import { FeedbackDesk } from './query/feedback.js'
import { QueryPath } from './query/query-path.js'
import { checkOptions, refuse, shown } from './refusals.js'
import type { ModelSource } from './registry/model-source.js'
import { type ApplicationOptions, checkLink, checkName, checkVersion } from './registry/options.js'
import type { PublishOptions } from './registry/publish-options.js'
import { Publisher } from './registry/publisher.js'
import { Registry } from './registry/registry.js'
import { openState } from './state/open.js'
import type { ApplicationRecord, ModelRecord, State } from './state/state.js'

const DEFAULT_CACHE_BYTES = 64 * 1024 ** 2
/** What is in flight may take this long once the server closes. */
const DRAIN_LIMIT_MS = 5_000
/** Then clients that don't read their answers are hung up on. */
const LAST_ANSWERS_MS = 100
const CLOSING = 'The server is closing'
const STDERR = 2
const SWEEP_MS = 10
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export interface ServeOptions {
  /** 0 takes a free one. Default 8080. */
  port?: number
  /** Default 127.0.0.1. */
  host?: string
  /**
   * Where applications, models and what bandits have learned are kept, and feedback: 'memory' (the default) ends with the process,
   * `file:FOLDER` is on this machine's disk, and a server started there again serves what was there.
   */
  state?: 'memory' | `file:${string}`
  /** Size of the prediction cache; 0 keeps nothing. Default 64 MiB. */
  cacheBytes?: number
  /** Structured logs go to standard error. Default 'warn'. */
  logLevel?: (typeof LOG_LEVELS)[number]
  /** Kinds of models that run code which comes with them and may: 'function', 'python', 'image'. Default none. */
  allow?: readonly CodeKind[]
  /**
   * Where containers connect to; default a free port of 127.0.0.1. For containers of other machines (kind 'external') an address that
   * they reach; the connection is not encrypted, so keep it to a network that you trust.
   */
  containers?: { host?: string; port?: number }
}

function checkServe(options: ServeOptions) {
  const given = checkOptions<ServeOptions>('serve', options, ['port', 'host', 'state', 'cacheBytes', 'logLevel', 'allow', 'containers'])
  const { port = 8080, host = '127.0.0.1', state = 'memory', cacheBytes = DEFAULT_CACHE_BYTES, logLevel = 'warn' } = given
  if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse('port', port, 'a whole number from 0 to 65535')
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0) refuse('cacheBytes', cacheBytes, 'a whole number of bytes, at least 0')
  const { allow = [], containers = {} } = given
  const areKinds = Array.isArray(allow) && allow.every((kind) => CODE_KINDS.includes(kind))
  if (!areKinds) refuse('allow', allow, `a list of ${CODE_KINDS.join(', ')}`)
  const at = checkOptions<NonNullable<ServeOptions['containers']>>('containers', containers, ['host', 'port'])
  if (at.host !== undefined && typeof at.host !== 'string') refuse('containers.host', at.host, 'an address of this machine')
  const isPort = at.port === undefined || (Number.isInteger(at.port) && at.port >= 0 && at.port <= 65_535)
  if (!isPort) refuse('containers.port', at.port, 'a whole number from 0 to 65535')
  if (!LOG_LEVELS.includes(logLevel)) refuse('logLevel', logLevel, LOG_LEVELS.join(', '))
  if (!LOOPBACK.includes(host)) {
    throw new ServeError(
      'SERVE_HOST_REFUSED',
      `host is ${shown(host)}; without tokens the server listens on loopback only: ${LOOPBACK.join(', ')}`,
    )
  }
  return { port, host, state, cacheBytes, logLevel, allow, containers: at }
}

/** A full disk, or a reader that left, must not end the serving: the line is lost. */
function writeLog(line: string): void {
  try {
    writeSync(STDERR, line)
  } catch {
    // There is nowhere to say so.
  }
}

/** A running serving tier. */
export class Server {
  readonly port: number
  readonly url: string
  readonly #app: FastifyInstance
  readonly #registry: Registry
  readonly #publisher: Publisher
  readonly #cache: PredictionCache
  readonly #listener: ContainerListener
  readonly #log: Logger
  readonly #state: State
  #closing: Promise<void> | undefined

  private constructor(parts: ReturnType<typeof assemble>, host: string, port: number) {
    this.port = port
    this.url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`
    this.#app = parts.app
    this.#registry = parts.registry
    this.#publisher = parts.publisher
    this.#cache = parts.cache
    this.#listener = parts.listener
    this.#log = parts.log
    this.#state = parts.state
  }

  /** @throws ServeError `SERVE_OPTION`, `SERVE_HOST_REFUSED`, `SERVE_PORT_IN_USE`, `SERVE_LISTEN` */
  static async start(options: ServeOptions): Promise<Server> {
    const { port, host, cacheBytes, logLevel, allow, ...given } = checkServe(options)
    const state = await openState(given.state)
    const listener = new ContainerListener(given.containers.host, given.containers.port)
    const parts = assemble(state, cacheBytes, listener, allow, pino({ level: logLevel, name: 'gymnura' }, { write: writeLog }))
    try {
      await parts.publisher.restore()
      const server = new Server(parts, host, await listen(parts.app, host, port))
      server.#log.info({ url: server.url }, 'serving')
      return server
    } catch (error) {
      await parts.publisher.close()
      await parts.listener.close()
      await state.close()
      throw error
    }
  }

  /** @throws ServeError `SERVE_OPTION`, `APPLICATION_EXISTS`, `SERVE_CLOSED` */
  async registerApplication(options: ApplicationOptions): Promise<ApplicationRecord> {
    this.#assertOpen()
    return (await this.#registry.registerApplication(options)).toRecord()
  }

  /**
   * Puts a model live as a new version of model `name`; resolves once it is warm. A model is a policy (a file, its bytes, or a loaded
   * one), or of another kind: a function, a Python file, an ONNX or TensorFlow.js model, an Open Inference endpoint, an OCI image, a
   * container that connects by itself. Where no application has the model's name, makes one and links it: the default output is 0, or
   * zeros in the output's shape, '' for a text, null for JSON.
   * @throws ServeError `SERVE_OPTION`, `KIND_NOT_ALLOWED`, `MODEL_FILE`, `MODEL_REFUSED`, `MODEL_VERSION_EXISTS`, `MODEL_SHAPE`, `CONTAINER_FAILED`, `SERVE_CLOSED`
   */
  publish(name: string, model: ModelSource, options: PublishOptions = {}): Promise<ModelRecord> {
    return this.#publisher.publish(name, model, options)
  }

  /** `host:port` where containers connect to. @throws ServeError `CONTAINER_FAILED` */
  containerAddress(): Promise<string> {
    return this.#listener.address()
  }

  /**
   * Links a model to an application: by name, so that its current version answers, or as `name:version`, that version for good.
   * @throws ServeError `SERVE_OPTION`, `APPLICATION_UNKNOWN`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`, `SERVE_CLOSED`
   */
  async link(application: string, model: string): Promise<void> {
    this.#assertOpen()
    await this.#registry.link(checkName('application', application), [checkLink(model)])
  }

  /** Unlinks a model, named as it was linked. @throws ServeError `SERVE_OPTION`, `APPLICATION_UNKNOWN`, `LINK_UNKNOWN`, `SERVE_CLOSED` */
  async unlink(application: string, model: string): Promise<void> {
    this.#assertOpen()
    await this.#registry.unlink(checkName('application', application), [checkLink(model)])
  }

  /**
   * Makes another version the one that answers. Queries on their way are answered by the old one.
   * @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`, `SERVE_CLOSED`
   */
  async setVersion(model: string, version: number | string): Promise<ModelRecord> {
    this.#assertOpen()
    return this.#registry.setVersion(checkName('model', model), checkVersion(version))
  }

  /** Goes back to the version that answered before the current one. @throws as `setVersion` */
  async rollback(model: string): Promise<ModelRecord> {
    this.#assertOpen()
    return this.#registry.rollback(checkName('model', model))
  }

  /**
   * More or fewer containers side by side; without a version those of the current one. Resolves when the new ones are warm.
   * @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `CONTAINER_FAILED`, `SERVE_CLOSED`
   */
  async setReplicas(model: string, replicas: number, version?: number | string): Promise<ModelRecord> {
    return this.#publisher.setReplicas(model, version === undefined ? undefined : checkVersion(version), replicas)
  }

  /**
   * Deletes a version that answers for nobody; what was asked of it is answered first.
   * @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_IN_USE`, `SERVE_CLOSED`
   */
  async deleteVersion(model: string, version: number | string): Promise<void> {
    this.#assertOpen()
    await this.#publisher.remove(model, checkVersion(version))
  }

  /** Deletes an application, with what its bandit has learned; its models stay. @throws ServeError `SERVE_OPTION`, `APPLICATION_UNKNOWN`, `SERVE_CLOSED` */
  async deleteApplication(name: string): Promise<void> {
    this.#assertOpen()
    await this.#registry.removeApplication(checkName('application', name))
  }

  listApplications(): Promise<ApplicationRecord[]> {
    return this.#registry.listApplications()
  }

  listModels(): Promise<ModelRecord[]> {
    return this.#registry.listModels()
  }

  metrics(): ServeMetrics {
    return readMetrics(this.#registry, this.#cache)
  }

  #assertOpen(): void {
    if (this.#closing) throw new ServeError('SERVE_CLOSED', 'the server is closed; start another one with serve()')
  }

  /**
   * Takes no more connections, answers what is in flight, stops the containers and frees the port. What has no prediction after five
   * seconds gets its default.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#publisher.refuse()
    const { server: http } = this.#app
    const hangUp = () => http.closeAllConnections()
    const limit = setTimeout(() => {
      this.#answerAll()
      setTimeout(hangUp, LAST_ANSWERS_MS)
    }, DRAIN_LIMIT_MS)
    // A connection that was busy when the server closed would be kept alive after its answer.
    const sweep = setInterval(() => http.closeIdleConnections(), SWEEP_MS)
    await this.#app.close()
    clearTimeout(limit)
    clearInterval(sweep)
    // Their clients have hung up.
    this.#answerAll()
    await this.#publisher.close()
    await this.#listener.close()
    await this.#state.close()
    this.#log.info({ url: this.url }, 'closed')
  }

  #answerAll(): void {
    for (const { deadlines } of this.#registry.applications.values()) deadlines.flush((exchange) => exchange.settle(CLOSING))
  }
}

function assemble(state: State, cacheBytes: number, listener: ContainerListener, allow: readonly CodeKind[], log: Logger) {
  const registry = new Registry(state)
  const cache = new PredictionCache(cacheBytes)
  const desk = new FeedbackDesk(state, cache)
  const path = new QueryPath(cache, state, desk)
  const publisher = new Publisher(registry, state, listener, cache, log, allow)
  const app = httpApp(log)
  clipperApi(app, registry, path, desk)
  adminApi(app, registry, publisher)
  healthApi(app, registry)
  metricsApi(app, { registry, cache })
  return { app, registry, publisher, cache, listener, log, state }
}

/**
 * Starts the serving tier on a port of this machine; HTTP runs in the calling thread.
 * @throws ServeError `SERVE_OPTION`, `SERVE_HOST_REFUSED`, `SERVE_PORT_IN_USE`, `SERVE_LISTEN`
 */
export function serve(options: ServeOptions = {}): Promise<Server> {
  return Server.start(options)
}
