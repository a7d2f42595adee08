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
import type { ModelRecord } from '../state/state.js'
import { ModelVersion } from './model.js'
import { checkName, checkPublish, checkVersion, DEFAULT_SLO_MS, type PublishOptions } from './options.js'
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
  readonly #listener: ContainerListener
  readonly #sink: EvaluationSink
  readonly #log: Logger
  readonly #pending = new Map<string, Promise<unknown>>()
  /** Containers of what is being published. */
  readonly #starting = new Set<Container>()
  #closed = false

  constructor(registry: Registry, listener: ContainerListener, sink: EvaluationSink, log: Logger) {
    this.#registry = registry
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
    const containers = Array.from({ length: settings.replicas }, () => this.#container(id, artifact, settings.isolation))
    for (const container of containers) this.#starting.add(container)
    try {
      const started = await Promise.allSettled(containers.map((container) => container.start()))
      this.#assertOpen(id)
      const refused = started.find((result) => result.status === 'rejected')
      if (refused) throw refused.reason
      const description = (started[0] as PromiseFulfilledResult<ModelDescription>).value
      const dispatcher = new Dispatcher(description, containers, DEFAULT_SLO_MS, this.#sink)
      const { inputType, inputSize, algorithm, environmentId } = description
      const record = { name, version, ...settings, inputType, inputSize, algorithm, environmentId }
      await this.#registry.addVersion(new ModelVersion(name, version, description, dispatcher), record)
      if (makeApplication && !this.#registry.applications.has(name)) {
        await this.#registry.registerApplication({ name, defaultOutput: zeroAction(description) })
        await this.#registry.link(name, [name])
      }
      return { ...record, current: true }
    } catch (error) {
      await Promise.all(containers.map((container) => container.stop()))
      throw error
    } finally {
      for (const container of containers) this.#starting.delete(container)
    }
  }

  #container(id: string, artifact: Uint8Array, isolation: 'process' | 'inline'): Container {
    if (isolation === 'inline') return new InlineContainer(id, artifact)
    return new SupervisedContainer(policyCommand(id, artifact), this.#listener, (reason, restartInMs) => {
      this.#log.error({ model: id, reason, restartInMs }, 'a container was lost and is started again')
    })
  }
}
