import type { Logger } from 'pino'
import { Dispatcher, type EvaluationSink } from '../batching/dispatcher.js'
import { checkBatching } from '../batching/policies.js'
import type { Container, ModelDescription } from '../containers/container.js'
import { makeContainer } from '../containers/containers.js'
import { type CodeKind, runsCode } from '../containers/kinds.js'
import type { ContainerModel } from '../containers/life.js'
import type { ContainerListener } from '../containers/listener.js'
import { ServeError } from '../errors.js'
import type { ModelRecord, State } from '../state/state.js'
import { contentDigest } from './digest.js'
import { ModelVersion } from './model.js'
import { DEFAULT_SLO_MS } from './options.js'
import type { PublishSettings } from './publish-options.js'

export interface VersionsParts {
  readonly state: State
  readonly listener: ContainerListener
  readonly sink: EvaluationSink
  readonly log: Logger
  /** Kinds that run code which comes with the model, and may. */
  readonly allowed: readonly CodeKind[]
}

/** A version to be. */
export interface PlannedVersion extends Pick<ModelRecord, 'name' | 'version' | 'currentSince' | 'publishedAt'> {
  readonly artifact: Uint8Array
  readonly settings: PublishSettings
}

/** Bounds of large observation spaces take more, JSON characters. */
const LARGEST_KEPT_DESCRIPTION = 65_536
const NO_BYTES = new Uint8Array(0)
/** As nginx writes it down: nobody is there to be answered, and nothing went wrong here. */
const HUNG_UP = 499

const modelOf = ({ name, version, artifact, settings: { isolation, settings } }: PlannedVersion): ContainerModel => {
  return { model: `${name}:${version}`, artifact, isolation, settings }
}

/** Makes versions: starts their containers, and more or fewer of them. */
export class Versions {
  readonly #parts: VersionsParts
  /** What further replicas are made of. */
  readonly #made = new WeakMap<ModelVersion, ContainerModel>()
  /** Containers of what is not warm yet. */
  readonly #starting = new Set<Container>()
  #closed = false

  constructor(parts: VersionsParts) {
    this.#parts = parts
  }

  /** @throws ServeError `KIND_NOT_ALLOWED` */
  assertAllowed({ settings: { kind } }: PublishSettings): void {
    if (!runsCode(kind) || this.#parts.allowed.includes(kind)) return
    throw new ServeError(
      'KIND_NOT_ALLOWED',
      `a model of kind "${kind}" runs code that comes with it; if you trust whoever publishes, start the server with serve({ allow: ['${kind}'] }), or: gymnura serve --allow ${kind}`,
    )
  }

  /** Nothing is started any more. */
  refuse(): void {
    this.#closed = true
    for (const container of this.#starting) void container.stop()
  }

  /**
   * A version with its containers started.
   * @param left fires when nobody wants it any more @throws ServeError `MODEL_REFUSED`, `CONTAINER_FAILED`, `SERVE_CLOSED`
   */
  async warm(planned: PlannedVersion, left?: AbortSignal): Promise<ModelVersion> {
    const made = modelOf(planned)
    const [description, containers] = await this.#start(made, planned.settings.replicas, left)
    return this.#version(planned, made, description, containers)
  }

  /** A version whose containers start by and by, as often as that takes. */
  #comingBack(planned: PlannedVersion, described: ModelDescription): ModelVersion {
    const made = { ...modelOf(planned), described }
    const containers = Array.from({ length: planned.settings.replicas }, () => this.#container(made))
    for (const container of containers) container.comeBack()
    return this.#version(planned, made, described, containers)
  }

  #version(planned: PlannedVersion, made: ContainerModel, description: ModelDescription, containers: readonly Container[]): ModelVersion {
    const { name, version, artifact, currentSince, publishedAt } = planned
    const { replicas, isolation, batching, settings } = planned.settings
    const dispatcher = new Dispatcher(description, containers, DEFAULT_SLO_MS, batching, this.#parts.sink)
    const { inputType, inputSize, algorithm, environmentId } = description
    const isKept = JSON.stringify(description).length <= LARGEST_KEPT_DESCRIPTION
    const told = { inputType, inputSize, algorithm, environmentId, ...(isKept && { description }) }
    const kept = { currentSince, publishedAt, digest: contentDigest(artifact) }
    const record = { name, version, replicas, isolation, batching, settings, ...told, ...kept }
    const running = new ModelVersion(name, version, description, dispatcher, record)
    this.#made.set(running, made)
    return running
  }

  /**
   * A version that the state remembers. Where its containers do not start now, they do by and by.
   * @throws ServeError as `warm`, `KIND_NOT_ALLOWED`, `MODEL_FILE`, `STATE_UNREACHABLE`
   */
  async restore(record: ModelRecord): Promise<ModelVersion> {
    const { name, version, settings = { kind: 'policy', limits: {} }, batching = checkBatching(), replicas, isolation } = record
    const kept: PublishSettings = { settings, batching, replicas, isolation }
    this.assertAllowed(kept)
    // (One of no bytes, as of kind 'external', is kept by no database that says so by an empty value.)
    const isEmpty = record.digest === contentDigest(NO_BYTES)
    const artifact = isEmpty ? NO_BYTES : await this.#parts.state.artifact?.(`${name}:${version}`)
    if (artifact === undefined) throw new ServeError('MODEL_FILE', `the file of ${name}:${version} is not in the state`)
    const { currentSince, publishedAt, description } = record
    const planned = { name, version, artifact, settings: kept, currentSince, publishedAt }
    if (description === undefined) return this.warm(planned)
    // Whoever serves it may come late, or never; nobody else is to wait for that.
    if (settings.kind === 'external') return this.#comingBack(planned, description)
    try {
      return await this.warm(planned)
    } catch (error) {
      if (!(error instanceof ServeError) || error.code !== 'CONTAINER_FAILED') throw error
      this.#parts.log.error({ model: `${name}:${version}`, err: error }, 'a model does not start now; it is tried again')
      return this.#comingBack(planned, description)
    }
  }

  /** So many warm containers, or none. */
  async #start(made: ContainerModel, count: number, left?: AbortSignal): Promise<[ModelDescription, Container[]]> {
    const containers = Array.from({ length: count }, () => this.#container(made))
    for (const container of containers) this.#starting.add(container)
    const stop = () => containers.map((container) => container.stop())
    left?.addEventListener('abort', stop, { once: true })
    try {
      const started = await Promise.allSettled(containers.map((container) => container.start()))
      if (left?.aborted) throw new ServeError('CONTAINER_FAILED', `whoever published ${made.model} has hung up`, { status: HUNG_UP })
      if (this.#closed) throw new ServeError('SERVE_CLOSED', `the server is closed; ${made.model} cannot be started`)
      const refused = started.find((result) => result.status === 'rejected')
      if (refused) throw refused.reason
      return [(started[0] as PromiseFulfilledResult<ModelDescription>).value, containers]
    } catch (error) {
      await Promise.all(stop())
      throw error
    } finally {
      left?.removeEventListener('abort', stop)
      for (const container of containers) this.#starting.delete(container)
    }
  }

  #container(made: ContainerModel): Container {
    const { listener, log } = this.#parts
    const { model } = made
    return makeContainer(made, listener, {
      said: (stream, line, containerPid) => log.info({ model, containerPid, stream }, line),
      ready: (containerPid, restarts) => log.info({ model, containerPid, restarts }, 'a container is ready'),
      died: (reason, restartInMs, containerPid) =>
        log.error({ model, containerPid, reason, restartInMs }, 'a container was lost and is started again'),
    })
  }

  /** A version that is stopped is made no more of: what it was made of, a model's bytes, is not kept. */
  forget(version: ModelVersion): void {
    this.#made.delete(version)
  }

  /** More replicas are warm when this resolves; fewer have answered what they had. @throws ServeError `CONTAINER_FAILED`, `SERVE_CLOSED` */
  async scale(version: ModelVersion, replicas: number): Promise<void> {
    const { dispatcher } = version
    const made = this.#made.get(version)
    // It was deleted meanwhile.
    if (made === undefined) return
    const more = replicas - dispatcher.replicas.length
    if (more > 0) {
      const [, containers] = await this.#start(made, more)
      for (const container of containers) dispatcher.add(container)
    }
    await Promise.all(Array.from({ length: Math.max(0, -more) }, () => dispatcher.remove()))
  }
}
