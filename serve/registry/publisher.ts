import type { Logger } from 'pino'
import { Dispatcher, type EvaluationSink } from '../batching/dispatcher.js'
import { checkBatching } from '../batching/policies.js'
import type { Container, ModelDescription } from '../containers/container.js'
import { makeContainer } from '../containers/containers.js'
import { type CodeKind, runsCode } from '../containers/kinds.js'
import type { ContainerModel } from '../containers/life.js'
import type { ContainerListener } from '../containers/listener.js'
import { ServeError } from '../errors.js'
import type { Json, ModelRecord, State } from '../state/state.js'
import { contentDigest, publishedAlready } from './digest.js'
import { ModelVersion } from './model.js'
import { artifactOf, impliedKind, localPath, type ModelSource } from './model-source.js'
import { checkName, checkReplicas, checkVersion, DEFAULT_SLO_MS } from './options.js'
import { checkPublish, type PublishOptions, type PublishSettings } from './publish-options.js'
import type { Registry } from './registry.js'

/** 0, or zeros in the output's shape: what an application answers for a policy that is late. */
function zeroOutput({ outputs: [{ type, shape }] }: ModelDescription): Json {
  if (type === 'json') return null
  if (type === 'strings' || (type === 'bytes' && shape.length > 0)) return ''
  return shape.length === 0
    ? 0
    : new Array<number>(
        Math.max(
          0,
          shape.reduce((product, length) => product * length, 1),
        ),
      ).fill(0)
}

const WHOLE_NUMBER = /^\d+$/

/** Puts policies live: starts their containers, and makes them known once they are warm. */
export class Publisher {
  readonly #registry: Registry
  readonly #state: State
  readonly #listener: ContainerListener
  readonly #sink: EvaluationSink
  readonly #log: Logger
  readonly #allowed: readonly CodeKind[]
  readonly #pending = new Map<string, Promise<unknown>>()
  /** What further replicas are made of, by `name:version`. */
  readonly #made = new Map<string, ContainerModel>()
  /** Containers of what is being published. */
  readonly #starting = new Set<Container>()
  #closed = false

  /** @param allowed kinds that run code which comes with the model, and may */
  constructor(
    registry: Registry,
    state: State,
    listener: ContainerListener,
    sink: EvaluationSink,
    log: Logger,
    allowed: readonly CodeKind[] = [],
  ) {
    this.#allowed = allowed
    this.#registry = registry
    this.#state = state
    this.#listener = listener
    this.#sink = sink
    this.#log = log
  }

  /** @throws ServeError `SERVE_CLOSED`, `SERVE_OPTION`, `KIND_NOT_ALLOWED`, `MODEL_FILE`, `MODEL_REFUSED`, `MODEL_VERSION_EXISTS`, `MODEL_SHAPE`, `CONTAINER_FAILED` */
  async publish(name: string, source: ModelSource, options: PublishOptions): Promise<ModelRecord> {
    checkName('name', name)
    this.#assertOpen(name)
    const implied = impliedKind(source)
    const { application, ifChanged, ...settings } = checkPublish(options, implied, localPath(source, options?.kind ?? implied))
    this.#assertAllowed(settings)
    const artifact = await artifactOf(source, settings.settings.kind)
    this.#assertOpen(name)
    const model = this.#registry.models.get(name)
    const same = ifChanged ? publishedAlready(model, contentDigest(artifact), settings) : undefined
    if (same !== undefined) return { ...same.record, current: model?.current === same }
    const version = options.version === undefined ? this.#nextVersion(name) : checkVersion(options.version)
    const id = `${name}:${version}`
    if (this.#registry.models.get(name)?.versions.has(version) || this.#pending.has(id)) {
      throw new ServeError('MODEL_VERSION_EXISTS', `${id} is published already and versions don't change; publish under another version`)
    }
    const published = this.#warmAndAdd(name, version, artifact, settings, application)
    this.#pending.set(id, published)
    try {
      return await published
    } finally {
      this.#pending.delete(id)
    }
  }

  #assertOpen(name: string): void {
    if (this.#closed) throw new ServeError('SERVE_CLOSED', `the server is closed; ${name} cannot be published`)
  }

  #assertAllowed({ settings: { kind } }: PublishSettings): void {
    if (!runsCode(kind) || this.#allowed.includes(kind)) return
    throw new ServeError(
      'KIND_NOT_ALLOWED',
      `a model of kind "${kind}" runs code that comes with it; if you trust whoever publishes, start the server with serve({ allow: ['${kind}'] }), or: gymnura serve --allow ${kind}`,
    )
  }

  /** From here on nothing is published; what is being published is refused, and its containers are stopped. */
  refuse(): void {
    this.#closed = true
    for (const container of this.#starting) void container.stop()
  }

  /** Stops every container. */
  async close(): Promise<void> {
    this.refuse()
    await Promise.allSettled(this.#pending.values())
    const versions = [...this.#registry.models.values()].flatMap((model) => [...model.versions.values()])
    await Promise.all(versions.map(({ dispatcher }) => dispatcher.close()))
  }

  #nextVersion(name: string): string {
    const known = [...(this.#registry.models.get(name)?.versions.keys() ?? []), ...this.#pendingVersions(name)]
    const numbers = known.filter((version) => WHOLE_NUMBER.test(version)).map(Number)
    return String(1 + Math.max(0, ...numbers.filter((number) => number < Number.MAX_SAFE_INTEGER)))
  }

  #pendingVersions(name: string): string[] {
    return [...this.#pending.keys()].filter((id) => id.startsWith(`${name}:`)).map((id) => id.slice(name.length + 1))
  }

  async #warmAndAdd(
    name: string,
    version: string,
    artifact: Uint8Array,
    settings: PublishSettings,
    application: PublishOptions['application'] = true,
  ): Promise<ModelRecord> {
    const id = `${name}:${version}`
    const made = await this.#warm(name, version, artifact, settings, { currentSince: 0, publishedAt: Date.now() })
    try {
      this.#assertOpen(id)
      await this.#state.artifacts?.set(id, artifact)
      await this.#registry.addVersion(made)
      if (application !== false && !this.#registry.applications.has(name)) {
        await this.#registry.registerApplication({
          defaultOutput: zeroOutput(made.description),
          ...(typeof application === 'object' && application),
          name,
          inputType: made.description.inputType,
        })
        await this.#registry.link(name, [name])
      }
      this.#log.info({ model: id, kind: settings.settings.kind, replicas: settings.replicas }, 'a model is live')
      return { ...made.record, current: true }
    } catch (error) {
      if (this.#registry.models.get(name)?.versions.get(version) !== made) {
        await made.dispatcher.close()
        await this.#state.artifacts?.delete(id)
      }
      throw error
    }
  }

  /** A version with its containers started. @throws ServeError `MODEL_REFUSED`, `CONTAINER_FAILED` */
  async #warm(
    name: string,
    version: string,
    artifact: Uint8Array,
    { replicas, isolation, batching, settings }: PublishSettings,
    { currentSince, publishedAt }: Pick<ModelRecord, 'currentSince' | 'publishedAt'>,
  ): Promise<ModelVersion> {
    const id = `${name}:${version}`
    const made: ContainerModel = { model: id, artifact, isolation, settings }
    const [description, containers] = await this.#start(made, replicas)
    const dispatcher = new Dispatcher(description, containers, DEFAULT_SLO_MS, batching, this.#sink)
    const { inputType, inputSize, algorithm, environmentId } = description
    const told = { inputType, inputSize, algorithm, environmentId }
    const kept = { currentSince, publishedAt, digest: contentDigest(artifact) }
    const record = { name, version, replicas, isolation, batching, settings, ...told, ...kept }
    this.#made.set(id, made)
    return new ModelVersion(name, version, description, dispatcher, record)
  }

  /** So many warm containers, or none. */
  async #start(made: ContainerModel, count: number): Promise<[ModelDescription, Container[]]> {
    const containers = Array.from({ length: count }, () => this.#container(made))
    for (const container of containers) this.#starting.add(container)
    try {
      const started = await Promise.allSettled(containers.map((container) => container.start()))
      this.#assertOpen(made.model)
      const refused = started.find((result) => result.status === 'rejected')
      if (refused) throw refused.reason
      return [(started[0] as PromiseFulfilledResult<ModelDescription>).value, containers]
    } catch (error) {
      await Promise.all(containers.map((container) => container.stop()))
      throw error
    } finally {
      for (const container of containers) this.#starting.delete(container)
    }
  }

  /**
   * Starts again what the state remembers. A model that cannot be started is left out, with an entry in the log: the others serve, and
   * its applications answer their defaults.
   */
  async restore(): Promise<void> {
    const records = await this.#state.models.all()
    const made = await Promise.all(
      records.map(async ({ current, ...record }) => {
        const { name, version } = record
        const id = `${name}:${version}`
        try {
          const { settings = { kind: 'policy', limits: {} }, batching = checkBatching(), replicas, isolation } = record
          const kept: PublishSettings = { settings, batching, replicas, isolation }
          this.#assertAllowed(kept)
          const artifact = await this.#state.artifacts?.get(id)
          if (artifact === undefined) throw new ServeError('MODEL_FILE', `the file of ${id} is not in the state's folder`)
          return { current, version: await this.#warm(name, version, artifact, kept, record) }
        } catch (error) {
          this.#log.error({ model: id, err: error }, 'a model could not be started again')
          return undefined
        }
      }),
    )
    const found = made.filter((one) => one !== undefined)
    for (const { current, version } of found.sort((a, b) => a.version.record.currentSince - b.version.record.currentSince)) {
      this.#registry.restoreVersion(version, current)
    }
    await this.#registry.restoreApplications()
  }

  /** Takes a version out; what was asked of it is answered first. @throws as `Registry.removeVersion` */
  async remove(name: string, version: string): Promise<void> {
    const removed = await this.#registry.removeVersion(checkName('model', name), checkVersion(version))
    await removed.dispatcher.drained()
    await removed.dispatcher.close()
    this.#made.delete(removed.id)
    await this.#state.artifacts?.delete(removed.id)
  }

  /** More replicas are warm when this resolves; fewer have answered what they had. @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `CONTAINER_FAILED` */
  async setReplicas(name: string, version: string | undefined, replicas: number): Promise<ModelRecord> {
    checkReplicas(replicas)
    const chosen = this.#registry.model(checkName('model', name)).version(version)
    this.#assertOpen(chosen.id)
    const { dispatcher, id } = chosen
    const more = replicas - dispatcher.replicas.length
    if (more > 0) {
      const [, containers] = await this.#start(this.#made.get(id)!, more)
      for (const container of containers) dispatcher.add(container)
    }
    await Promise.all(Array.from({ length: Math.max(0, -more) }, () => dispatcher.remove()))
    return this.#registry.setReplicas(chosen, replicas)
  }

  /** `host:port` where containers connect to. @throws ServeError `CONTAINER_FAILED` */
  containerAddress(): Promise<string> {
    return this.#listener.address()
  }

  #container(made: ContainerModel): Container {
    const { model } = made
    return makeContainer(made, this.#listener, {
      said: (stream, line, containerPid) => this.#log.info({ model, containerPid, stream }, line),
      ready: (containerPid, restarts) => this.#log.info({ model, containerPid, restarts }, 'a container is ready'),
      died: (reason, restartInMs, containerPid) =>
        this.#log.error({ model, containerPid, reason, restartInMs }, 'a container was lost and is started again'),
    })
  }
}
