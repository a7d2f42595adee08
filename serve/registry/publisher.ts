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
import { ModelVersion } from './model.js'
import { artifactOf, impliedKind, localPath, type ModelSource } from './model-source.js'
import { checkName, checkReplicas, checkVersion, DEFAULT_SLO_MS } from './options.js'
import { checkPublish, type PublishOptions, type PublishSettings } from './publish-options.js'
import type { Registry } from './registry.js'
import { Turns } from './turns.js'

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

/** Bounds of large observation spaces take more, JSON characters. */
const LARGEST_KEPT_DESCRIPTION = 65_536
const WHOLE_NUMBER = /^\d+$/

/** A version to be. */
interface Planned {
  readonly name: string
  readonly version: string
  readonly artifact: Uint8Array
  readonly settings: PublishSettings
  readonly currentSince: number
}

const modelOf = ({ name, version, artifact, settings: { isolation, settings } }: Planned): ContainerModel => {
  return { model: `${name}:${version}`, artifact, isolation, settings }
}

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
  /** A version's replicas are changed, and it is deleted, one after another. */
  readonly #turns = new Turns()
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
    const { application, ...settings } = checkPublish(options, implied, localPath(source, options?.kind ?? implied))
    this.#assertAllowed(settings)
    const version = options.version === undefined ? this.#nextVersion(name) : checkVersion(options.version)
    const id = `${name}:${version}`
    if (this.#registry.models.get(name)?.versions.has(version) || this.#pending.has(id)) {
      throw new ServeError('MODEL_VERSION_EXISTS', `${id} is published already and versions don't change; publish under another version`)
    }
    const published = this.#warmAndAdd(name, version, source, settings, application)
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
      `a model of kind "${kind}" runs code that comes with it; start the server with serve({ allow: ['${kind}'] }) if you trust whoever publishes`,
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
    source: ModelSource,
    settings: PublishSettings,
    makeApplication: boolean,
  ): Promise<ModelRecord> {
    const id = `${name}:${version}`
    const artifact = await artifactOf(source, settings.settings.kind)
    this.#assertOpen(id)
    const made = await this.#warm({ name, version, artifact, settings, currentSince: 0 })
    try {
      this.#assertOpen(id)
      await this.#state.artifacts?.set(id, artifact)
      await this.#registry.addVersion(made)
      if (makeApplication) await this.#registry.ensureApplication(made, zeroOutput(made.description))
      return { ...made.record, current: true }
    } catch (error) {
      if (this.#registry.models.get(name)?.versions.get(version) !== made) {
        this.#made.delete(id)
        await made.dispatcher.close()
        await this.#state.artifacts?.delete(id)
      }
      throw error
    }
  }

  /** A version with its containers started. @throws ServeError `MODEL_REFUSED`, `CONTAINER_FAILED` */
  async #warm(planned: Planned): Promise<ModelVersion> {
    const made = modelOf(planned)
    const [description, containers] = await this.#start(made, planned.settings.replicas)
    return this.#version(planned, made, description, containers)
  }

  /** A version whose containers start by and by. */
  #comingBack(planned: Planned, described: ModelDescription): ModelVersion {
    const made = { ...modelOf(planned), described }
    const containers = Array.from({ length: planned.settings.replicas }, () => this.#container(made))
    for (const container of containers) container.comeBack()
    return this.#version(planned, made, described, containers)
  }

  #version(planned: Planned, made: ContainerModel, description: ModelDescription, containers: readonly Container[]): ModelVersion {
    const { name, version, currentSince } = planned
    const { replicas, isolation, batching, settings } = planned.settings
    const dispatcher = new Dispatcher(description, containers, DEFAULT_SLO_MS, batching, this.#sink)
    const { inputType, inputSize, algorithm, environmentId } = description
    const isKept = JSON.stringify(description).length <= LARGEST_KEPT_DESCRIPTION
    const told = { inputType, inputSize, description: isKept ? description : undefined, algorithm, environmentId }
    const record = { name, version, replicas, isolation, batching, settings, ...told, currentSince }
    this.#made.set(made.model, made)
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
   * Starts again what the state remembers. A model whose containers do not start now is served as soon as they do; one that is refused is
   * left out. Both have an entry in the log: the others serve, and its applications answer their defaults.
   */
  async restore(): Promise<void> {
    const records = await this.#state.models.all()
    const made = await Promise.all(
      records.map(async ({ current, ...record }) => {
        const id = `${record.name}:${record.version}`
        try {
          return { current, version: await this.#restored(id, record) }
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

  async #restored(id: string, record: Omit<ModelRecord, 'current'>): Promise<ModelVersion> {
    const { settings = { kind: 'policy', limits: {} }, batching = checkBatching(), replicas, isolation, description } = record
    const kept: PublishSettings = { settings, batching, replicas, isolation }
    this.#assertAllowed(kept)
    const artifact = await this.#state.artifacts?.get(id)
    if (artifact === undefined) throw new ServeError('MODEL_FILE', `the file of ${id} is not in the state's folder`)
    const planned: Planned = { name: record.name, version: record.version, artifact, settings: kept, currentSince: record.currentSince }
    if (description === undefined) return this.#warm(planned)
    // Whoever serves it may come late, or never; nobody else is to wait for that.
    if (settings.kind === 'external') return this.#comingBack(planned, description)
    try {
      return await this.#warm(planned)
    } catch (error) {
      if (!(error instanceof ServeError) || error.code !== 'CONTAINER_FAILED') throw error
      this.#log.error({ model: id, err: error }, 'a model does not start now; it is tried again')
      return this.#comingBack(planned, description)
    }
  }

  /** Takes a version out; what was asked of it is answered first. @throws as `Registry.removeVersion` */
  async remove(name: string, version: string): Promise<void> {
    await this.#turns.take(`${name}:${version}`, () => this.#remove(name, version))
  }

  async #remove(name: string, version: string): Promise<void> {
    const removed = await this.#registry.removeVersion(checkName('model', name), checkVersion(version))
    await removed.dispatcher.drained()
    await removed.dispatcher.close()
    this.#made.delete(removed.id)
    await this.#state.artifacts?.delete(removed.id)
  }

  /** More replicas are warm when this resolves; fewer have answered what they had. @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `CONTAINER_FAILED` */
  async setReplicas(name: string, version: string | undefined, replicas: number): Promise<ModelRecord> {
    checkReplicas(replicas)
    const { version: chosen } = this.#registry.model(checkName('model', name)).version(version)
    return this.#turns.take(`${name}:${chosen}`, () => this.#setReplicas(name, chosen, replicas))
  }

  async #setReplicas(name: string, version: string, replicas: number): Promise<ModelRecord> {
    const chosen = this.#registry.model(name).version(version)
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

  #container(made: ContainerModel): Container {
    return makeContainer(made, this.#listener, (reason, restartInMs) => {
      this.#log.error({ model: made.model, reason, restartInMs }, 'a container was lost and is started again')
    })
  }
}
