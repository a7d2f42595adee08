import { ServeError } from '../errors.js'
import { didYouMean } from '../refusals.js'
import type { ApplicationRecord, Change, ModelRecord } from '../state/state.js'
import type { Ledger, Plan } from './ledger.js'
import { type ModelVersion, takenBy } from './model.js'
import { type ApplicationOptions, checkApplication } from './options.js'

const idOf = ({ name, version }: ModelRecord) => `${name}:${version}`
const unchanged = <T>(result: T): Plan<T> => ({ changes: [], kept: () => result })

/** What may be changed of applications, models, versions and the links between them; each as a whole, or refused. */
export class Changes {
  constructor(private readonly ledger: Ledger) {}

  /** @throws ServeError `SERVE_OPTION`, `APPLICATION_EXISTS`, `STATE_UNREACHABLE` */
  async registerApplication(options: ApplicationOptions): Promise<ApplicationRecord> {
    const row = { ...checkApplication(options), models: [] }
    return this.ledger.change(() => {
      if (this.ledger.applications.has(row.name)) {
        throw new ServeError('APPLICATION_EXISTS', `an application named "${row.name}" is there already; choose another name`)
      }
      return { changes: [{ table: 'applications', key: row.name, row }], kept: () => row }
    })
  }

  /** Takes an application out, with what its bandit has learned; its models stay. @throws ServeError `APPLICATION_UNKNOWN`, `STATE_UNREACHABLE` */
  async removeApplication(name: string): Promise<void> {
    return this.ledger.change(() => ({ changes: [{ table: 'applications', key: this.#application(name).name }], kept: () => {} }))
  }

  /**
   * Makes a warm version known and current, with an application of the model's name that is linked to it where `application` says what
   * to make and none is there.
   * @param warmed called once it is kept @throws ServeError `MODEL_VERSION_EXISTS`, `MODEL_SHAPE`, `STATE_UNREACHABLE`
   */
  async addVersion(
    version: ModelVersion,
    artifact: Uint8Array,
    application: ApplicationOptions | undefined,
    warmed: () => void,
  ): Promise<ModelRecord> {
    return this.ledger.change(() => {
      const { name, id } = version
      if (this.ledger.models.has(id)) {
        throw new ServeError('MODEL_VERSION_EXISTS', `${id} is published already and versions don't change; publish under another version`)
      }
      const row = { ...version.record, current: true, currentSince: this.#nextSince(name) }
      this.#checkShape(row)
      const changes: Change[] = [{ table: 'models', key: id, row, artifact }, ...this.#noLonger(name)]
      if (application !== undefined && !this.ledger.applications.has(name)) {
        changes.push({ table: 'applications', key: name, row: { ...checkApplication(application), models: [name] } })
      }
      return {
        changes,
        kept: () => {
          warmed()
          return row
        },
      }
    })
  }

  /** Sends queries to another version from now on. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`, `STATE_UNREACHABLE` */
  async setVersion(name: string, version: string): Promise<ModelRecord> {
    return this.ledger.change(() => this.#makeCurrent(this.#version(name, version)))
  }

  /** Back to the version that was current before. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`, `STATE_UNREACHABLE` */
  async rollback(name: string): Promise<ModelRecord> {
    return this.ledger.change(() => {
      const current = this.#current(name)
      const others = this.#versions(name).filter((record) => record !== current)
      const [before] = others.sort((a, b) => b.currentSince - a.currentSince)
      if (before !== undefined) return this.#makeCurrent(before)
      throw new ServeError('MODEL_VERSION_UNKNOWN', `"${name}" has no version but ${current.version} to go back to`)
    })
  }

  #makeCurrent(record: ModelRecord): Plan<ModelRecord> {
    const { name } = record
    this.#checkShape(record)
    const row = { ...record, current: true, currentSince: this.#nextSince(name) }
    const before = this.#noLonger(name).filter(({ key }) => key !== idOf(row))
    return { changes: [{ table: 'models', key: idOf(row), row }, ...before], kept: () => row }
  }

  /** Clocks of several frontends differ: what becomes current now did so last. */
  #nextSince(name: string): number {
    return Math.max(Date.now(), ...this.#versions(name).map(({ currentSince }) => currentSince + 1))
  }

  #noLonger(name: string): Change[] {
    const current = this.#versions(name).filter((record) => record.current)
    return current.map((record) => ({ table: 'models', key: idOf(record), row: { ...record, current: false } }))
  }

  /** Takes a version out: no query finds it any more. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_IN_USE`, `STATE_UNREACHABLE` */
  async removeVersion(name: string, version: string): Promise<void> {
    return this.ledger.change(() => {
      const id = idOf(this.#version(name, version))
      const isCurrent = idOf(this.#current(name)) === id
      const uses = (link: string) => link === id || (link === name && isCurrent)
      const users = [...this.ledger.applications.values()].filter(({ models }) => models.some(uses))
      if (users.length > 0) {
        const names = users.map((application) => `"${application.name}"`).join(', ')
        throw new ServeError('MODEL_IN_USE', `${id} answers for ${names}; unlink it there, or make another version current`)
      }
      if (isCurrent && this.#versions(name).length > 1)
        throw new ServeError('MODEL_IN_USE', `${id} is the current version; make another one current first`)
      return { changes: [{ table: 'models', key: id }], kept: () => {} }
    })
  }

  /** Keeps how many replicas a version has. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `STATE_UNREACHABLE` */
  async setReplicas(name: string, version: string, replicas: number): Promise<ModelRecord> {
    return this.ledger.change(() => {
      const row = { ...this.#version(name, version), replicas }
      return { changes: [{ table: 'models', key: idOf(row), row }], kept: () => row }
    })
  }

  /** Links all of the models, or none. @throws ServeError `APPLICATION_UNKNOWN`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE`, `STATE_UNREACHABLE` */
  async link(application: string, links: readonly string[]): Promise<void> {
    return this.ledger.change(() => {
      const row = this.#application(application)
      for (const link of links) this.#linked(link)
      const all = [...new Set([...row.models, ...links])]
      // (Links whose models are gone wait for them to come back.)
      const taken = all.flatMap((link) => {
        const record = this.#found(link)
        return record === undefined ? [] : [{ name: link, inputType: record.inputType, taken: takenBy(record) }]
      })
      const [first, ...others] = taken
      for (const { name, taken } of others) {
        if (taken === first!.taken) continue
        throw new ServeError(
          'MODEL_SHAPE',
          `"${name}" takes ${taken}, but "${first!.name}", beside it in "${application}", takes ${first!.taken}; link it to another application`,
        )
      }
      if (first !== undefined && first.inputType !== row.inputType)
        throw new ServeError('MODEL_SHAPE', `"${first.name}" takes ${first.taken}, but "${application}" is registered for ${row.inputType}`)
      return all.length === row.models.length ? unchanged(undefined) : relinked(row, all)
    })
  }

  /** Unlinks all of the models, or none. @throws ServeError `APPLICATION_UNKNOWN`, `LINK_UNKNOWN`, `STATE_UNREACHABLE` */
  async unlink(application: string, links: readonly string[]): Promise<void> {
    return this.ledger.change(() => {
      const row = this.#application(application)
      for (const link of links) {
        if (row.models.includes(link)) continue
        throw new ServeError('LINK_UNKNOWN', `"${link}" is not linked to "${application}"${didYouMean(link, [...row.models])}`)
      }
      return relinked(
        row,
        row.models.filter((link) => !links.includes(link)),
      )
    })
  }

  /** A new version joins the links of its model, so it must take what the models beside it take. */
  #checkShape(record: ModelRecord): void {
    for (const { models, name } of this.ledger.applications.values()) {
      if (!models.includes(record.name)) continue
      const others = models.filter((link) => link !== record.name)
      // An application with this link alone is used to its inputs as they are.
      const beside = [...others, record.name].map((link) => this.#found(link)).find((other) => other && takenBy(other) !== takenBy(record))
      if (beside === undefined) continue
      throw new ServeError(
        'MODEL_SHAPE',
        `${idOf(record)} takes ${takenBy(record)}, but ${idOf(beside)}, also linked to "${name}", takes ${takenBy(beside)}; publish it under another name`,
      )
    }
  }

  #application(name: string): ApplicationRecord {
    const found = this.ledger.applications.get(name)
    if (found) return found
    throw new ServeError(
      'APPLICATION_UNKNOWN',
      `no application is named "${name}"${didYouMean(name, [...this.ledger.applications.keys()])}`,
    )
  }

  #versions(name: string): ModelRecord[] {
    return [...this.ledger.models.values()].filter((record) => record.name === name)
  }

  /** The version that answers, or is to. @throws ServeError `MODEL_UNKNOWN` */
  #current(name: string): ModelRecord {
    const versions = this.#versions(name).sort((a, b) => Number(b.current) - Number(a.current) || b.currentSince - a.currentSince)
    if (versions.length > 0) return versions[0]!
    const names = [...new Set([...this.ledger.models.values()].map((record) => record.name))]
    throw new ServeError('MODEL_UNKNOWN', `no model is named "${name}"${didYouMean(name, names)}`)
  }

  /** @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, in Clipper's words */
  #version(name: string, version: string): ModelRecord {
    this.#current(name)
    const found = this.ledger.models.get(`${name}:${version}`)
    if (found) return found
    throw new ServeError('MODEL_VERSION_UNKNOWN', `Requested version: ${version} does not exist for model: ${name}`)
  }

  /** What a link names: a model, or a version of it as `name:version`. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN` */
  #linked(link: string): ModelRecord {
    const [name, version] = link.split(':')
    return version === undefined ? this.#current(name!) : this.#version(name!, version)
  }

  #found(link: string): ModelRecord | undefined {
    const [name, version] = link.split(':')
    const isThere = version === undefined ? this.#versions(name!).length > 0 : this.ledger.models.has(link)
    return isThere ? this.#linked(link) : undefined
  }
}

const relinked = (row: ApplicationRecord, models: readonly string[]): Plan<undefined> => ({
  changes: [{ table: 'applications', key: row.name, row: { ...row, models } }],
  kept: () => undefined,
})
