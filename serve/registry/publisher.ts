import type { ModelDescription } from '../containers/container.js'
import { sizeOf } from '../containers/element-types.js'
import { ServeError } from '../errors.js'
import type { Json, ModelRecord } from '../state/state.js'
import type { Changes } from './changes.js'
import { contentDigest, publishedAlready } from './digest.js'
import type { Ledger } from './ledger.js'
import type { ModelVersion } from './model.js'
import { artifactOf, impliedKind, localPath, type ModelSource } from './model-source.js'
import { checkName, checkReplicas, checkVersion } from './options.js'
import { checkPublish, type PublishOptions, type PublishSettings } from './publish-options.js'
import type { Registry, VersionKeeper } from './registry.js'
import { Retries } from './retries.js'
import { Turns } from './turns.js'
import { Versions, type VersionsParts } from './versions.js'

export interface PublisherParts extends VersionsParts {
  readonly registry: Registry
  readonly ledger: Ledger
  readonly changes: Changes
}

/** An answer of more zeros than this is of no use to anybody. */
const MOST_ZEROS = 65_536

/** 0, or zeros in the output's shape: what an application answers for a policy that is late. */
function zeroOutput({ outputs: [{ type, shape }] }: ModelDescription): Json {
  if (type === 'json') return null
  if (type === 'strings' || (type === 'bytes' && shape.length > 0)) return ''
  if (shape.length === 0) return 0
  const zeros = Math.max(0, sizeOf(shape))
  return zeros > MOST_ZEROS ? null : new Array<number>(zeros).fill(0)
}

const WHOLE_NUMBER = /^\d+$/
/** Another frontend may take the next version's number so many times. */
const MOST_ATTEMPTS = 5

/** Puts models live: starts their containers, and makes them known once they are warm. */
export class Publisher implements VersionKeeper {
  readonly #parts: PublisherParts
  readonly #versions: Versions
  readonly #pending = new Map<string, Promise<unknown>>()
  /** Versions that other frontends have published, on their way here; and those that are leaving. */
  readonly #coming = new Map<string, Promise<void>>()
  readonly #leaving = new Map<string, Promise<void>>()
  readonly #retries = new Retries()
  /** A version's replicas are changed, and it is deleted, one after another. */
  readonly #turns = new Turns()
  #closed = false

  constructor(parts: PublisherParts) {
    this.#parts = parts
    this.#versions = new Versions(parts)
  }

  /** @param left fires when nobody waits for it any more: then it is not published @throws ServeError `SERVE_CLOSED`, `SERVE_OPTION`, `KIND_NOT_ALLOWED`, `MODEL_FILE`, `MODEL_REFUSED`, `MODEL_VERSION_EXISTS`, `MODEL_SHAPE`, `CONTAINER_FAILED`, `STATE_UNREACHABLE` */
  async publish(name: string, source: ModelSource, options: PublishOptions, left?: AbortSignal): Promise<ModelRecord> {
    checkName('name', name)
    this.#assertOpen(name)
    const implied = impliedKind(source)
    const { application, ifChanged, ...settings } = checkPublish(options, implied, localPath(source, options?.kind ?? implied))
    this.#versions.assertAllowed(settings)
    const artifact = await artifactOf(source, settings.settings.kind)
    const digest = contentDigest(artifact)
    for (let attempt = 1; ; attempt++) {
      this.#assertOpen(name)
      const same = ifChanged ? publishedAlready(this.#known(name), digest, settings) : undefined
      if (same !== undefined) return same
      try {
        const version = options.version === undefined ? this.#nextVersion(name) : checkVersion(options.version)
        return await this.#publishAs(name, version, artifact, settings, application, left)
      } catch (error) {
        const taken = error instanceof ServeError && error.code === 'MODEL_VERSION_EXISTS'
        if (!taken || options.version !== undefined || attempt === MOST_ATTEMPTS) throw error
      }
    }
  }

  async #publishAs(
    name: string,
    version: string,
    artifact: Uint8Array,
    settings: PublishSettings,
    application: PublishOptions['application'],
    left: AbortSignal | undefined,
  ): Promise<ModelRecord> {
    const id = `${name}:${version}`
    if (this.#parts.ledger.models.has(id) || this.#pending.has(id)) {
      throw new ServeError('MODEL_VERSION_EXISTS', `${id} is published already and versions don't change; publish under another version`)
    }
    const published = this.#warmAndAdd(name, version, artifact, settings, application, left)
    this.#pending.set(id, published)
    try {
      return await published
    } finally {
      this.#pending.delete(id)
      // Another frontend may have been faster: then its version comes here.
      this.#parts.registry.follow()
    }
  }

  #assertOpen(name: string): void {
    if (this.#closed) throw new ServeError('SERVE_CLOSED', `the server is closed; ${name} cannot be published`)
  }

  /** From here on nothing is published; what is being published is refused, and its containers are stopped. */
  refuse(): void {
    this.#closed = true
    this.#retries.stop()
    this.#versions.refuse()
  }

  /** Stops every container. */
  async close(): Promise<void> {
    this.refuse()
    await Promise.allSettled([...this.#pending.values(), ...this.#coming.values(), ...this.#leaving.values()])
    const versions = [...this.#parts.registry.models.values()].flatMap((model) => [...model.versions.values()])
    await Promise.all(versions.map(({ dispatcher }) => dispatcher.close()))
  }

  #known(name: string): ModelRecord[] {
    return [...this.#parts.ledger.models.values()].filter((record) => record.name === name)
  }

  #nextVersion(name: string): string {
    const pending = [...this.#pending.keys()].filter((id) => id.startsWith(`${name}:`)).map((id) => id.slice(name.length + 1))
    const known = [...this.#known(name).map(({ version }) => version), ...pending]
    const numbers = known.filter((version) => WHOLE_NUMBER.test(version)).map(Number)
    return String(1 + Math.max(0, ...numbers.filter((number) => number < Number.MAX_SAFE_INTEGER)))
  }

  async #warmAndAdd(
    name: string,
    version: string,
    artifact: Uint8Array,
    settings: PublishSettings,
    application: PublishOptions['application'],
    left: AbortSignal | undefined,
  ): Promise<ModelRecord> {
    const { registry, changes } = this.#parts
    const made = await this.#versions.warm({ name, version, artifact, settings, currentSince: 0, publishedAt: Date.now() }, left)
    try {
      this.#assertOpen(made.id)
      const { inputType } = made.description
      const options = { defaultOutput: zeroOutput(made.description), ...(typeof application === 'object' && application), name, inputType }
      const published = await changes.addVersion(made, artifact, application === false ? undefined : options, () => registry.warmed(made))
      const { kind } = settings.settings
      this.#parts.log.info({ model: made.id, kind, replicas: settings.replicas }, 'a model is live')
      return published
    } catch (error) {
      await made.dispatcher.close()
      throw error
    }
  }

  /**
   * Starts what the ledger's rows say. A model that cannot be started is left out, with an entry in the log: the others serve, and its
   * applications answer their defaults.
   */
  async restore(): Promise<void> {
    const { ledger, registry } = this.#parts
    await Promise.all([...ledger.models.values()].map((record) => this.#bring(record)))
    registry.begin(this)
  }

  async #bring(record: ModelRecord): Promise<void> {
    const { registry, state, log } = this.#parts
    const id = `${record.name}:${record.version}`
    try {
      const version = await this.#versions.restore(record)
      this.#retries.forget(id)
      registry.warmed(version)
    } catch (error) {
      if (this.#closed) return
      log.error({ model: id, err: error }, 'a model could not be started')
      // What another frontend can run this one may be able to run later; on its own a server has nobody to wait for.
      this.#retries.later(id, state.shared === undefined ? Infinity : undefined, () => registry.follow())
    }
  }

  wanted(record: ModelRecord): void {
    const id = `${record.name}:${record.version}`
    if (this.#closed || this.#coming.has(id) || this.#pending.has(id) || this.#retries.waits(id)) return
    const coming = this.#bring(record).finally(() => {
      this.#coming.delete(id)
      this.#parts.registry.follow()
    })
    this.#coming.set(id, coming)
  }

  released(version: ModelVersion): void {
    const { id, dispatcher } = version
    const leave = async () => {
      await dispatcher.drained()
      await dispatcher.close()
      this.#versions.forget(version)
    }
    const leaving = leave().finally(() => {
      if (this.#leaving.get(id) === leaving) this.#leaving.delete(id)
    })
    this.#leaving.set(id, leaving)
  }

  /** `host:port` where containers connect to. @throws ServeError `CONTAINER_FAILED` */
  containerAddress(): Promise<string> {
    return this.#parts.listener.address()
  }

  scaled(version: ModelVersion): void {
    // By then the row may say another number again.
    const scaling = this.#turns.take(version.id, () => this.#versions.scale(version, version.record.replicas))
    scaling.catch((error: unknown) => {
      if (!this.#closed) this.#parts.log.error({ model: version.id, err: error }, 'replicas could not be started')
    })
  }

  /** Takes a version out; what was asked of it is answered first. @throws as `Changes.removeVersion` */
  async remove(name: string, version: string): Promise<void> {
    const id = `${checkName('model', name)}:${checkVersion(version)}`
    await this.#turns.take(id, async () => {
      await this.#parts.changes.removeVersion(name, version)
      await this.#leaving.get(id)
    })
  }

  /** More replicas are warm when this resolves; fewer have answered what they had. @throws ServeError `SERVE_OPTION`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `CONTAINER_FAILED`, `STATE_UNREACHABLE` */
  async setReplicas(name: string, version: string | undefined, replicas: number): Promise<ModelRecord> {
    checkReplicas(replicas)
    const { id, version: chosen } = this.#parts.registry.model(checkName('model', name)).version(version)
    return this.#turns.take(id, async () => {
      // (It may have been deleted meanwhile.)
      const running = this.#parts.registry.model(name).version(chosen)
      this.#assertOpen(id)
      await this.#versions.scale(running, replicas)
      return this.#parts.changes.setReplicas(name, chosen, replicas)
    })
  }
}
