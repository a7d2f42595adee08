import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Policy } from '../../rl/policy/index.js'
import { Dispatcher, type EvaluationSink } from '../batching/dispatcher.js'
import type { Container, ModelDescription } from '../containers/container.js'
import { InlineContainer } from '../containers/inline.js'
import type { ContainerListener } from '../containers/listener.js'
import { policyCommand } from '../containers/policy.js'
import { SupervisedContainer } from '../containers/supervised.js'
import { ServeError } from '../errors.js'
import { refuse } from '../refusals.js'
import type { ModelRecord, State } from '../state/state.js'
import { ModelVersion } from './model.js'
import { checkName, checkPublish, checkReplicas, checkVersion, DEFAULT_SLO_MS, type PublishOptions } from './options.js'
import type { Registry } from './registry.js'

/** A policy's file, its bytes, or the policy itself. */
export type PolicySource = string | URL | Uint8Array | ArrayBuffer | Pick<Policy, 'toBytes'>

async function artifactOf(source: PolicySource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  const isFile = typeof source === 'string' || source instanceof URL
  if (!isFile) {
    if (typeof source?.toBytes === 'function') return source.toBytes()
    refuse('policy', source, "a policy, its file, or the file's bytes")
  }
  try {
    return await readFile(source)
  } catch (cause) {
    throw new ServeError('MODEL_FILE', `cannot read the policy ${source}: ${(cause as Error).message}`, { cause })
  }
}

/** 0, or zeros in the action's shape: what an application answers for a policy that is late. */
const zeroAction = ({ outputType, outputSize }: ModelDescription) => (outputType === 'integer' ? 0 : new Array<number>(outputSize).fill(0))

const WHOLE_NUMBER = /^\d+$/

/** Puts policies live: starts their containers, and makes them known once they are warm. */
export class Publisher {
  readonly #registry: Registry
  readonly #state: State
  readonly #listener: ContainerListener
  readonly #sink: EvaluationSink
  readonly #log: Logger
  readonly #pending = new Map<string, Promise<unknown>>()
  /** What further replicas are made of, by `name:version`. */
  readonly #artifacts = new Map<string, Uint8Array>()
  /** Containers of what is being published. */
  readonly #starting = new Set<Container>()
  #closed = false

  constructor(registry: Registry, state: State, listener: ContainerListener, sink: EvaluationSink, log: Logger) {
    this.#registry = registry
    this.#state = state
    this.#listener = listener
    this.#sink = sink
    this.#log = log
  }

  /** @throws ServeError `SERVE_CLOSED`, `SERVE_OPTION`, `MODEL_FILE`, `MODEL_REFUSED`, `MODEL_VERSION_EXISTS`, `MODEL_SHAPE`, `CONTAINER_FAILED` */
  async publish(name: string, source: PolicySource, options: PublishOptions): Promise<ModelRecord> {
    checkName('name', name)
    this.#assertOpen(name)
    const { application, ...settings } = checkPublish(options)
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
    source: PolicySource,
    settings: Pick<ModelRecord, 'replicas' | 'isolation'>,
    makeApplication: boolean,
  ): Promise<ModelRecord> {
    const id = `${name}:${version}`
    const artifact = await artifactOf(source)
    this.#assertOpen(id)
    const made = await this.#warm(name, version, artifact, settings)
    try {
      this.#assertOpen(id)
      await this.#state.artifacts?.set(id, artifact)
      await this.#registry.addVersion(made)
      if (makeApplication && !this.#registry.applications.has(name)) {
        await this.#registry.registerApplication({ name, defaultOutput: zeroAction(made.description) })
        await this.#registry.link(name, [name])
      }
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
    settings: Pick<ModelRecord, 'replicas' | 'isolation'>,
    currentSince = 0,
  ): Promise<ModelVersion> {
    const id = `${name}:${version}`
    const [description, containers] = await this.#start(id, artifact, settings.isolation, settings.replicas)
    const dispatcher = new Dispatcher(description, containers, DEFAULT_SLO_MS, this.#sink)
    const { inputType, inputSize, algorithm, environmentId } = description
    const record = { name, version, ...settings, inputType, inputSize, algorithm, environmentId, currentSince }
    this.#artifacts.set(id, artifact)
    return new ModelVersion(name, version, description, dispatcher, record)
  }

  /** So many warm containers, or none. */
  async #start(
    id: string,
    artifact: Uint8Array,
    isolation: ModelRecord['isolation'],
    count: number,
  ): Promise<[ModelDescription, Container[]]> {
    const containers = Array.from({ length: count }, () => this.#container(id, artifact, isolation))
    for (const container of containers) this.#starting.add(container)
    try {
      const started = await Promise.allSettled(containers.map((container) => container.start()))
      this.#assertOpen(id)
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
        const { name, version, currentSince } = record
        const id = `${name}:${version}`
        try {
          const artifact = await this.#state.artifacts?.get(id)
          if (artifact === undefined) throw new ServeError('MODEL_FILE', `the file of ${id} is not in the state's folder`)
          return { current, version: await this.#warm(name, version, artifact, record, currentSince) }
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
    this.#artifacts.delete(removed.id)
    await this.#state.artifacts?.delete(removed.id)
  }

  /** More replicas are warm when this resolves; fewer have answered what they had. @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `CONTAINER_FAILED` */
  async setReplicas(name: string, version: string | undefined, replicas: number): Promise<ModelRecord> {
    checkReplicas(replicas)
    const chosen = this.#registry.model(checkName('model', name)).version(version)
    this.#assertOpen(chosen.id)
    const { dispatcher, id, record } = chosen
    const more = replicas - dispatcher.replicas.length
    if (more > 0) {
      const [, containers] = await this.#start(id, this.#artifacts.get(id)!, record.isolation, more)
      for (const container of containers) dispatcher.add(container)
    }
    await Promise.all(Array.from({ length: Math.max(0, -more) }, () => dispatcher.remove()))
    return this.#registry.setReplicas(chosen, replicas)
  }

  #container(id: string, artifact: Uint8Array, isolation: 'process' | 'inline'): Container {
    if (isolation === 'inline') return new InlineContainer(id, artifact)
    return new SupervisedContainer(policyCommand(id, artifact), this.#listener, (reason, restartInMs) => {
      this.#log.error({ model: id, reason, restartInMs }, 'a container was lost and is started again')
    })
  }
}
