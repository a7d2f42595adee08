import { ServeError } from '../errors.js'
import { didYouMean } from '../refusals.js'
import { Bandit } from '../selection/bandit.js'
import { selectionPolicy } from '../selection/policies.js'
import type { ApplicationRecord, Json, ModelRecord, State } from '../state/state.js'
import { Application } from './application.js'
import { Arm } from './arm.js'
import { Model, type ModelVersion } from './model.js'
import { type ApplicationOptions, checkApplication, DEFAULT_SLO_MS } from './options.js'
import { Turns } from './turns.js'

/** What a version takes, in words. */
function takenBy({ description: { inputType, inputSize } }: ModelVersion): string {
  const unit = inputType === 'floats' ? 'numbers' : inputType
  return inputSize === null ? `${inputType} of any length` : `${inputSize} ${unit}`
}

/** What is linked to what is one thing: a change sees all that were acknowledged before it. */
const LINKS = 'links'

/** Applications, models, versions and the links between them. Records go to the state, what runs stays here. */
export class Registry {
  readonly applications = new Map<string, Application>()
  readonly models = new Map<string, Model>()
  readonly #state: State
  readonly #turns = new Turns()

  constructor(state: State) {
    this.#state = state
  }

  /** @throws ServeError `APPLICATION_UNKNOWN` */
  application(name: string): Application {
    const found = this.applications.get(name)
    if (found) return found
    throw new ServeError('APPLICATION_UNKNOWN', `no application is named "${name}"${didYouMean(name, [...this.applications.keys()])}`)
  }

  /** @throws ServeError `MODEL_UNKNOWN` */
  model(name: string): Model {
    const found = this.models.get(name)
    if (found) return found
    throw new ServeError('MODEL_UNKNOWN', `no model is named "${name}"${didYouMean(name, [...this.models.keys()])}`)
  }

  /** @throws ServeError `SERVE_OPTION`, `APPLICATION_EXISTS` */
  async registerApplication(options: ApplicationOptions): Promise<Application> {
    const record = checkApplication(options)
    return this.#turns.take(LINKS, async () => {
      if (this.applications.has(record.name)) {
        throw new ServeError('APPLICATION_EXISTS', `an application named "${record.name}" is there already; choose another name`)
      }
      const application = this.#make(record)
      await this.#state.applications.set(record.name, application.toRecord())
      this.applications.set(record.name, application)
      return application
    })
  }

  /** An application of a model's name that is linked to it, where there is none of that name. Both are kept at once. */
  async ensureApplication({ name, description: { inputType } }: ModelVersion, defaultOutput: Json): Promise<void> {
    await this.#turns.take(LINKS, async () => {
      if (this.applications.has(name)) return
      const application = this.#make(checkApplication({ name, inputType, defaultOutput }))
      application.links = [name]
      await this.#state.applications.set(name, application.toRecord())
      this.applications.set(name, application)
      this.#resolve(application)
    })
  }

  #make(record: Omit<ApplicationRecord, 'models'>): Application {
    return new Application(record, new Bandit(record.name, selectionPolicy(record.selection), this.#state.standings))
  }

  /** Makes a warm version known and current. @throws ServeError `MODEL_SHAPE` */
  addVersion(version: ModelVersion): Promise<void> {
    return this.#turns.take(LINKS, async () => {
      this.#checkShape(version)
      await this.#makeCurrent(version)
    })
  }

  /** Makes known again what the state remembers, without writing it. Its application's links find it. */
  restoreVersion(version: ModelVersion, current: boolean): void {
    const model = this.models.get(version.name)
    if (model === undefined) this.models.set(version.name, new Model(version.name, version))
    else {
      model.versions.set(version.version, version)
      if (current) model.current = version
    }
  }

  /** Applications as the state remembers them, once the models are there. */
  async restoreApplications(): Promise<void> {
    for (const { models, ...record } of await this.#state.applications.all()) {
      const application = this.#make(record)
      this.applications.set(record.name, application)
      application.links = models
      this.#resolve(application)
    }
  }

  async #makeCurrent(version: ModelVersion): Promise<void> {
    const model = this.models.get(version.name)
    const before = model?.current
    // Later than all before it, whatever the clock says: a rollback goes by it.
    const latest = Math.max(0, ...[...(model?.versions.values() ?? [])].map(({ record }) => record.currentSince))
    const record = { ...version.record, currentSince: Math.max(Date.now(), latest + 1) }
    // Where a crash leaves two that say current, they are told apart by when they became it.
    const kept = [this.#state.models.set(version.id, { ...record, current: true })]
    if (before !== undefined && before !== version) kept.push(this.#state.models.set(before.id, { ...before.record, current: false }))
    await Promise.all(kept)
    version.record = record
    this.restoreVersion(version, true)
    for (const application of this.applications.values()) this.#resolve(application)
  }

  /** Sends queries to another version from now on. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE` */
  setVersion(name: string, version: string): Promise<ModelRecord> {
    return this.#turns.take(LINKS, () => this.#setVersion(name, version))
  }

  async #setVersion(name: string, version: string): Promise<ModelRecord> {
    const chosen = this.model(name).version(version)
    this.#checkShape(chosen)
    await this.#makeCurrent(chosen)
    return { ...chosen.record, current: true }
  }

  /** Back to the version that was current before. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE` */
  rollback(name: string): Promise<ModelRecord> {
    return this.#turns.take(LINKS, () => this.#rollback(name))
  }

  async #rollback(name: string): Promise<ModelRecord> {
    const { current, versions } = this.model(name)
    const others = [...versions.values()].filter((version) => version !== current)
    const [before] = others.sort((a, b) => b.record.currentSince - a.record.currentSince)
    if (before !== undefined) return this.#setVersion(name, before.version)
    throw new ServeError('MODEL_VERSION_UNKNOWN', `"${name}" has no version but ${current.version} to go back to`)
  }

  /** Takes a version out: no query finds it any more. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_IN_USE` */
  removeVersion(name: string, version: string): Promise<ModelVersion> {
    return this.#turns.take(LINKS, () => this.#removeVersion(name, version))
  }

  async #removeVersion(name: string, version: string): Promise<ModelVersion> {
    const model = this.model(name)
    const chosen = model.version(version)
    const isCurrent = model.current === chosen
    const users = [...this.applications.values()].filter(({ arms }) =>
      arms.some((arm) => arm.model === model && (arm.version === version || (arm.version === undefined && isCurrent))),
    )
    if (users.length > 0) {
      const names = users.map((application) => `"${application.name}"`).join(', ')
      throw new ServeError('MODEL_IN_USE', `${chosen.id} answers for ${names}; unlink it there, or make another version current`)
    }
    if (isCurrent && model.versions.size > 1)
      throw new ServeError('MODEL_IN_USE', `${chosen.id} is the current version; make another one current first`)
    await this.#state.models.delete(chosen.id)
    model.versions.delete(version)
    if (model.versions.size === 0) this.models.delete(name)
    return chosen
  }

  /** Keeps how many replicas a version has. */
  setReplicas(version: ModelVersion, replicas: number): Promise<ModelRecord> {
    return this.#turns.take(LINKS, async () => {
      const record = { ...version.record, replicas }
      const kept = { ...record, current: this.model(version.name).current === version }
      await this.#state.models.set(version.id, kept)
      version.record = record
      return kept
    })
  }

  /** A new version joins the links of its model, so it must take what the models beside it take. */
  #checkShape(version: ModelVersion): void {
    for (const { arms, name } of this.applications.values()) {
      const follows = (arm: Arm) => arm.model.name === version.name && arm.version === undefined
      if (!arms.some(follows)) continue
      const others = arms.filter((arm) => !follows(arm)).map((arm) => arm.resolve())
      // An application with this link alone is used to its inputs as they are.
      const beside = [...others, arms.find(follows)!.resolve()].find((other) => takenBy(other) !== takenBy(version))
      if (!beside) continue
      throw new ServeError(
        'MODEL_SHAPE',
        `${version.id} takes ${takenBy(version)}, but ${beside.id}, also linked to "${name}", takes ${takenBy(beside)}; publish it under another name`,
      )
    }
  }

  /** What a link names: a model, or a version of it as `name:version`. @throws ServeError `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN` */
  #arm(link: string): Arm {
    const colon = link.indexOf(':')
    const model = this.model(colon < 0 ? link : link.slice(0, colon))
    const arm = new Arm(model, colon < 0 ? undefined : link.slice(colon + 1))
    arm.resolve()
    return arm
  }

  /** The arms of those links whose models are there. */
  #resolve(application: Application): void {
    const arms: Arm[] = []
    for (const link of application.links) {
      const [name, version] = link.split(':')
      const model = this.models.get(name!)
      if (model !== undefined && (version === undefined || model.versions.has(version))) arms.push(new Arm(model, version))
    }
    const same = arms.length === application.arms.length && arms.every((arm, i) => arm.name === application.arms[i]!.name)
    // The bandit forgets what it has in memory when its arms change.
    if (!same || arms.some((arm, i) => arm.model !== application.arms[i]!.model)) application.arms = arms
    for (const { model } of arms) this.#tightenSlo(model)
  }

  /** Links all of the models, or none. @throws ServeError `APPLICATION_UNKNOWN`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE` */
  link(applicationName: string, links: readonly string[]): Promise<void> {
    return this.#turns.take(LINKS, () => this.#link(applicationName, links))
  }

  async #link(applicationName: string, links: readonly string[]): Promise<void> {
    const application = this.application(applicationName)
    const arms = [...application.arms, ...links.map((link) => this.#arm(link))]
    const { inputType } = application.record
    const [first, ...others] = arms.map((arm) => ({ name: arm.name, taken: takenBy(arm.resolve()) }))
    for (const { name, taken } of others) {
      if (taken === first!.taken) continue
      throw new ServeError(
        'MODEL_SHAPE',
        `"${name}" takes ${taken}, but "${first!.name}", beside it in "${applicationName}", takes ${first!.taken}; link it to another application`,
      )
    }
    if (arms.length > 0 && arms[0]!.resolve().description.inputType !== inputType)
      throw new ServeError('MODEL_SHAPE', `"${first!.name}" takes ${first!.taken}, but "${applicationName}" is registered for ${inputType}`)
    await this.#relink(application, [...new Set([...application.links, ...links])])
  }

  /** Unlinks all of the models, or none. @throws ServeError `APPLICATION_UNKNOWN`, `LINK_UNKNOWN` */
  unlink(applicationName: string, links: readonly string[]): Promise<void> {
    return this.#turns.take(LINKS, () => this.#unlink(applicationName, links))
  }

  async #unlink(applicationName: string, links: readonly string[]): Promise<void> {
    const application = this.application(applicationName)
    for (const link of links) {
      if (application.links.includes(link)) continue
      throw new ServeError('LINK_UNKNOWN', `"${link}" is not linked to "${applicationName}"${didYouMean(link, [...application.links])}`)
    }
    const models = application.arms.map(({ model }) => model)
    await this.#relink(
      application,
      application.links.filter((link) => !links.includes(link)),
    )
    for (const model of models) this.#tightenSlo(model)
  }

  async #relink(application: Application, links: readonly string[]): Promise<void> {
    await this.#state.applications.set(application.name, { ...application.toRecord(), models: links })
    application.links = links
    this.#resolve(application)
  }

  /** Takes an application out, with what its bandit has learned; its models stay. @throws ServeError `APPLICATION_UNKNOWN` */
  removeApplication(name: string): Promise<void> {
    return this.#turns.take(LINKS, () => this.#removeApplication(name))
  }

  async #removeApplication(name: string): Promise<void> {
    const application = this.application(name)
    await Promise.all([this.#state.applications.delete(name), this.#state.standings.deleteAll(`${name}/`)])
    this.applications.delete(name)
    for (const { model } of application.arms) this.#tightenSlo(model)
  }

  /** A model's batches are sized for the most impatient application that uses it. */
  #tightenSlo(model: Model): void {
    const users = [...this.applications.values()].filter(({ arms }) => arms.some((arm) => arm.model === model))
    const slos = users.map(({ sloMs }) => sloMs)
    for (const { dispatcher } of model.versions.values()) dispatcher.setSlo(slos.length > 0 ? Math.min(...slos) : DEFAULT_SLO_MS)
  }

  listApplications(): Promise<ApplicationRecord[]> {
    return this.#state.applications.all()
  }

  /** One of a model's versions is current, also where a crash has left two that say so. */
  async listModels(): Promise<ModelRecord[]> {
    const records = await this.#state.models.all()
    return records.map((record) => {
      const current = this.models.get(record.name)?.current.version
      return current === undefined ? record : { ...record, current: record.version === current }
    })
  }
}
