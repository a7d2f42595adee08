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
import type { ModelRecord } from '../state/state.js'
import { ModelVersion } from './model.js'
import { checkName, checkPublish, checkVersion, DEFAULT_SLO_MS, type PublishOptions } from './options.js'
import type { Registry } from './registry.js'

/** A policy's file, its bytes, or the policy itself. */
export type PolicySource = string | Uint8Array | Pick<Policy, 'toBytes'>

async function artifactOf(source: PolicySource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source
  if (typeof source !== 'string') return source.toBytes()
  try {
    return await readFile(source)
  } catch (cause) {
    throw new ServeError('MODEL_FILE', `cannot read the policy ${source}: ${(cause as Error).message}`, { cause })
  }
}

/** 0, or zeros in the action's shape: what an application answers for a policy that is late. */
const zeroAction = ({ outputType, outputSize }: ModelDescription) => (outputType === 'integer' ? 0 : new Array<number>(outputSize).fill(0))

/** Puts policies live: starts their containers, and makes them known once they are warm. */
export class Publisher {
  readonly #registry: Registry
  readonly #listener: ContainerListener
  readonly #sink: EvaluationSink
  readonly #log: Logger
  readonly #pending = new Map<string, Promise<unknown>>()
  #closed = false

  constructor(registry: Registry, listener: ContainerListener, sink: EvaluationSink, log: Logger) {
    this.#registry = registry
    this.#listener = listener
    this.#sink = sink
    this.#log = log
  }

  /** @throws ServeError `SERVE_CLOSED`, `SERVE_OPTION`, `MODEL_FILE`, `MODEL_REFUSED`, `MODEL_VERSION_EXISTS`, `MODEL_SHAPE`, `CONTAINER_FAILED` */
  async publish(name: string, source: PolicySource, options: PublishOptions): Promise<ModelRecord> {
    if (this.#closed) throw new ServeError('SERVE_CLOSED', `the server is closed; ${name} cannot be published`)
    checkName('name', name)
    const settings = checkPublish(options)
    const version = options.version === undefined ? this.#nextVersion(name) : checkVersion(options.version)
    const id = `${name}:${version}`
    if (this.#registry.models.get(name)?.versions.has(version) || this.#pending.has(id)) {
      throw new ServeError('MODEL_VERSION_EXISTS', `${id} is published already and versions don't change; publish under another version`)
    }
    const published = this.#warmAndAdd(name, version, source, settings, options.application !== false)
    this.#pending.set(id, published)
    try {
      return await published
    } finally {
      this.#pending.delete(id)
    }
  }

  /** Lets what is being published end, then stops every container. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#pending.values())
    const versions = [...this.#registry.models.values()].flatMap((model) => [...model.versions.values()])
    await Promise.all(versions.map(({ dispatcher }) => dispatcher.close()))
  }

  #nextVersion(name: string): string {
    const known = [...(this.#registry.models.get(name)?.versions.keys() ?? []), ...this.#pendingVersions(name)]
    return String(1 + Math.max(0, ...known.map(Number).filter(Number.isSafeInteger)))
  }

  #pendingVersions(name: string): string[] {
    return [...this.#pending.keys()].filter((id) => id.startsWith(`${name}:`)).map((id) => id.slice(name.length + 1))
  }

  async #warmAndAdd(
    name: string,
    version: string,
    source: PolicySource,
    settings: ReturnType<typeof checkPublish>,
    makeApplication: boolean,
  ): Promise<ModelRecord> {
    const id = `${name}:${version}`
    const artifact = await artifactOf(source)
    const containers = Array.from({ length: settings.replicas }, () => this.#container(id, artifact, settings.isolation))
    const started = await Promise.allSettled(containers.map((container) => container.start()))
    try {
      const refused = started.find((result) => result.status === 'rejected')
      if (refused) throw refused.reason
      const description = (started[0] as PromiseFulfilledResult<ModelDescription>).value
      const dispatcher = new Dispatcher(description, containers, DEFAULT_SLO_MS, this.#sink)
      const { inputType, inputSize, algorithm, environmentId } = description
      const record = { name, version, ...settings, inputType, inputSize, algorithm, environmentId }
      await this.#registry.addVersion(new ModelVersion(name, version, description, dispatcher), record)
      if (makeApplication && !this.#registry.applications.has(name)) {
        await this.#registry.registerApplication({ name, defaultOutput: zeroAction(description) })
        await this.#registry.link(name, name)
      }
      return { ...record, current: true }
    } catch (error) {
      await Promise.all(containers.map((container) => container.stop()))
      throw error
    }
  }

  #container(id: string, artifact: Uint8Array, isolation: 'process' | 'inline'): Container {
    if (isolation === 'inline') return new InlineContainer(id, artifact)
    return new SupervisedContainer(policyCommand(id, artifact), this.#listener, (reason, restartInMs) => {
      this.#log.error({ model: id, reason, restartInMs }, 'a container was lost and is started again')
    })
  }
}
