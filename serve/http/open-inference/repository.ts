import type { Kind } from '../../containers/kinds.js'
import { ServeError } from '../../errors.js'
import { isBase64 } from '../../query/base64.js'
import { didYouMean, invalid } from '../../refusals.js'
import type { Changes } from '../../registry/changes.js'
import type { ModelRoots } from '../../registry/model-roots.js'
import { impliedKind } from '../../registry/model-source.js'
import { checkName } from '../../registry/options.js'
import type { Publisher } from '../../registry/publisher.js'
import type { Registry } from '../../registry/registry.js'
import type { Fields } from './tensors.js'

/** A line of the repository's index. */
export interface IndexEntry {
  readonly name: string
  readonly version?: string
  readonly state: 'READY' | 'UNAVAILABLE'
  readonly reason: string
}

/** The model repository extension: what is in the model roots is loaded and unloaded by name. */
export class Repository {
  constructor(
    private readonly registry: Registry,
    private readonly changes: Changes,
    private readonly publisher: Publisher,
    private readonly roots: ModelRoots,
  ) {}

  async index(readyOnly: boolean): Promise<IndexEntry[]> {
    const versions = [...this.registry.models.values()].flatMap((model) => [...model.versions.values()])
    const loaded = versions.map(({ name, version, dispatcher: { ready } }): IndexEntry => {
      return { name, version, state: ready ? 'READY' : 'UNAVAILABLE', reason: ready ? '' : 'its container is being restarted' }
    })
    if (readyOnly) return loaded.filter(({ state }) => state === 'READY')
    const others = (await this.roots.names()).filter((name) => !this.registry.models.has(name))
    return [...loaded, ...others.map((name): IndexEntry => ({ name, state: 'UNAVAILABLE', reason: 'not loaded' }))]
  }

  /**
   * Puts the newest version in the roots live, or the file in `parameters["file:…"]`; resolves once it is warm. Nothing happens where it
   * is live already. No application is made.
   * @throws ServeError `MODEL_UNKNOWN` where there is no such model; as `Publisher.publish`
   */
  async load(name: string, parameters: Fields): Promise<void> {
    checkName('model', name)
    const given = Object.entries(parameters).find(([key]) => key.startsWith('file:'))
    if (given !== undefined) return this.#loadBytes(name, fileOf(given))
    const found = await this.roots.find(name)
    if (found === undefined) {
      if (this.registry.models.has(name)) return
      const told = `no model is named "${name}", and it is not in the model roots`
      throw new ServeError('MODEL_UNKNOWN', `${told}${didYouMean(name, await this.roots.names())}`)
    }
    const { path, version } = found
    const kind = impliedKind(path)
    if (version === undefined) return this.#loadBytes(name, await this.roots.read(path), kind)
    const model = this.registry.models.get(name)
    if (!model?.versions.has(version))
      await this.publisher.publish(name, await this.roots.read(path), { version, kind, application: false })
    else if (model.current.version !== version) await this.changes.setVersion(name, version)
  }

  async #loadBytes(name: string, bytes: Uint8Array, kind: Kind = 'policy'): Promise<void> {
    await this.publisher.publish(name, bytes, { kind, application: false, ifChanged: true })
  }

  /** Takes all versions out; what was asked of them is answered first. @throws ServeError `MODEL_UNKNOWN`, `MODEL_IN_USE` */
  async unload(name: string): Promise<void> {
    const { versions, current } = this.registry.model(name)
    const users = [...this.registry.applications.values()].filter(({ arms }) => arms.some(({ model }) => model.name === name))
    if (users.length > 0) {
      const names = users.map((application) => `"${application.name}"`).join(', ')
      throw new ServeError('MODEL_IN_USE', `"${name}" answers for ${names}; unlink it there, or delete the application`)
    }
    for (const { version } of [...versions.values()].filter((version) => version !== current)) await this.publisher.remove(name, version)
    await this.publisher.remove(name, current.version)
  }
}

function fileOf([key, value]: readonly [string, unknown]): Uint8Array {
  return isBase64(value) ? Buffer.from(value, 'base64') : invalid(`parameters["${key}"]`, 'a file in base64', value)
}
