import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { assemble, type Parts } from './assemble.js'
import type { ContainerListener } from './containers/listener.js'
import { ServeError } from './errors.js'
import { listen } from './http/app.js'
import type { ServeMetrics } from './metrics.js'
import type { Changes } from './registry/changes.js'
import { ModelRoots } from './registry/model-roots.js'
import type { ModelSource } from './registry/model-source.js'
import { type ApplicationOptions, checkLink, checkName, checkVersion } from './registry/options.js'
import type { PublishOptions } from './registry/publish-options.js'
import type { Publisher } from './registry/publisher.js'
import type { Registry } from './registry/registry.js'
import type { TokenDesk } from './security/token-desk.js'
import type { IssuedToken, IssueTokenOptions, ListedToken } from './security/token-issue.js'
import { checkHost, checkServe, type ServeOptions, type ServeSettings, urlOf } from './serve-options.js'
import { openState } from './state/open.js'
import type { ApplicationRecord, ModelRecord, State } from './state/state.js'

/** What is in flight may take this long once the server closes. */
const DRAIN_LIMIT_MS = 5_000
/** Then clients that don't read their answers are hung up on. */
const LAST_ANSWERS_MS = 100
const CLOSING = 'The server is closing'
const SWEEP_MS = 10
/** A running serving tier. */
export class Server {
  readonly port: number
  readonly url: string
  readonly #app: FastifyInstance
  readonly #registry: Registry
  readonly #changes: Changes
  readonly #tokens: TokenDesk
  readonly #publisher: Publisher
  readonly #metrics: () => ServeMetrics
  readonly #listener: ContainerListener
  readonly #log: Logger
  readonly #state: State
  #closing: Promise<void> | undefined

  private constructor(parts: Parts, settings: ServeSettings, port: number) {
    this.port = port
    this.url = urlOf(settings, port)
    this.#app = parts.app
    this.#registry = parts.registry
    this.#changes = parts.changes
    this.#tokens = parts.tokenDesk
    this.#publisher = parts.publisher
    this.#metrics = parts.metrics
    this.#listener = parts.listener
    this.#log = parts.log
    this.#state = parts.state
  }

  /** @throws ServeError as `serve` */
  static async start(options: ServeOptions): Promise<Server> {
    const settings = checkServe(options)
    const roots = await ModelRoots.open(settings.modelRoots)
    const state = await openState(settings.state)
    let server: Server | undefined
    const parts = assemble(settings, state, roots, () => server?.closing === true)
    try {
      await parts.ledger.refresh()
      checkHost(settings)
      await parts.publisher.restore()
      server = new Server(parts, settings, await listen(parts.app, settings.host, settings.port))
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
    return this.#changes.registerApplication(options)
  }

  /**
   * Puts a model live as a new version of model `name`; resolves once it is warm. A model is a policy (a file, its bytes, or a loaded
   * one), or of another kind: a function, a Python file, an ONNX or TensorFlow.js model, an Open Inference endpoint, an OCI image, a
   * container that connects by itself. Where no application has the model's name, makes one and links it: the default output is 0, or
   * zeros in the output's shape (null where these are more than 65,536), '' for a text, null for JSON.
   * @throws ServeError `SERVE_OPTION`, `KIND_NOT_ALLOWED`, `MODEL_FILE`, `MODEL_REFUSED`, `MODEL_VERSION_EXISTS`, `MODEL_SHAPE`, `CONTAINER_FAILED`, `SERVE_CLOSED`
   */
  publish(name: string, model: ModelSource, options: PublishOptions = {}): Promise<ModelRecord> {
    return this.#publisher.publish(name, model, options)
  }

  /** `host:port` where containers connect to. @throws ServeError `CONTAINER_FAILED` */
  containerAddress(): Promise<string> {
    return this.#publisher.containerAddress()
  }

  /**
   * Links a model to an application: by name, so that its current version answers, or as `name:version`, that version for good.
   * @throws ServeError `SERVE_OPTION`, `APPLICATION_UNKNOWN`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`, `SERVE_CLOSED`
   */
  async link(application: string, model: string): Promise<void> {
    this.#assertOpen()
    await this.#changes.link(checkName('application', application), [checkLink(model)])
  }

  /** Unlinks a model, named as it was linked. @throws ServeError `SERVE_OPTION`, `APPLICATION_UNKNOWN`, `LINK_UNKNOWN`, `SERVE_CLOSED` */
  async unlink(application: string, model: string): Promise<void> {
    this.#assertOpen()
    await this.#changes.unlink(checkName('application', application), [checkLink(model)])
  }

  /**
   * Makes another version the one that answers. Queries on their way are answered by the old one.
   * @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`, `SERVE_CLOSED`
   */
  async setVersion(model: string, version: number | string): Promise<ModelRecord> {
    this.#assertOpen()
    return this.#changes.setVersion(checkName('model', model), checkVersion(version))
  }

  /** Goes back to the version that answered before the current one. @throws as `setVersion` */
  async rollback(model: string): Promise<ModelRecord> {
    this.#assertOpen()
    return this.#changes.rollback(checkName('model', model))
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
    await this.#changes.removeApplication(checkName('application', name))
  }

  async listApplications(): Promise<ApplicationRecord[]> {
    return this.#registry.listApplications()
  }

  async listModels(): Promise<ModelRecord[]> {
    return this.#registry.listModels()
  }

  /**
   * Issues a token, which is told this once: what is kept is its digest. From the first one on, an admin's, the server takes calls with
   * a token only.
   * @throws ServeError `SERVE_OPTION`, `SERVE_CLOSED`, `STATE_UNREACHABLE`
   */
  async issueToken(options: IssueTokenOptions = {}): Promise<IssuedToken> {
    this.#assertOpen()
    return this.#tokens.issue(options)
  }

  /** The tokens that were issued, without their secrets. */
  async listTokens(): Promise<ListedToken[]> {
    return this.#tokens.list()
  }

  /** From now on the token opens nothing. @throws ServeError `TOKEN_UNKNOWN`, `TOKEN_LAST`, `SERVE_CLOSED`, `STATE_UNREACHABLE` */
  async revokeToken(id: string): Promise<void> {
    this.#assertOpen()
    await this.#tokens.revoke(id)
  }

  metrics(): ServeMetrics {
    return this.#metrics()
  }

  /** Whether `close` was called: what is in flight is still answered. */
  get closing(): boolean {
    return this.#closing !== undefined
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

/**
 * Starts the serving tier on a port of this machine; HTTP runs in the calling thread.
 * @throws ServeError `SERVE_OPTION`, `SERVE_HOST_REFUSED`, `SERVE_PORT_IN_USE`, `SERVE_LISTEN`, `STATE_IN_USE`, `STATE_FOLDER`,
 * `STATE_UNREACHABLE`, `RUNTIME_MISSING`
 */
export function serve(options: ServeOptions = {}): Promise<Server> {
  return Server.start(options)
}
