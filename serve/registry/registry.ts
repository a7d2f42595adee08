import { ServeError } from '../errors.js'
import { didYouMean } from '../refusals.js'
import { Bandit } from '../selection/bandit.js'
import { selectionPolicy } from '../selection/policies.js'
import type { ApplicationRecord, ModelRecord, State } from '../state/state.js'
import { Application } from './application.js'
import { Arm } from './arm.js'
import { Model, type ModelVersion } from './model.js'
import { type ApplicationOptions, checkApplication, DEFAULT_SLO_MS } from './options.js'

/** Applications, models, versions and the links between them. Records go to the state, what runs stays here. */
export class Registry {
  readonly applications = new Map<string, Application>()
  readonly models = new Map<string, Model>()
  readonly #state: State

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
    if (this.applications.has(record.name)) {
      throw new ServeError('APPLICATION_EXISTS', `an application named "${record.name}" is there already; choose another name`)
    }
    const bandit = new Bandit(record.name, selectionPolicy(record.selection), this.#state.standings)
    const application = new Application(record, bandit)
    this.applications.set(record.name, application)
    await this.#state.applications.set(record.name, application.toRecord())
    return application
  }

  /** Makes a warm version known and current. @throws ServeError `MODEL_SHAPE` */
  async addVersion(version: ModelVersion, record: Omit<ModelRecord, 'current'>): Promise<void> {
    this.#checkShape(version)
    const model = this.models.get(version.name)
    const before = model?.current
    if (model) {
      model.versions.set(version.version, version)
      model.current = version
    } else this.models.set(version.name, new Model(version.name, version))
    this.#tightenSlo(this.model(version.name))
    await this.#state.models.set(`${version.name}:${version.version}`, { ...record, current: true })
    if (!before) return
    const key = `${before.name}:${before.version}`
    const replaced = await this.#state.models.get(key)
    if (replaced) await this.#state.models.set(key, { ...replaced, current: false })
  }

  /** A new version joins the links of its model, so it must take what the models beside it take. */
  #checkShape(version: ModelVersion): void {
    for (const { arms, name } of this.applications.values()) {
      if (!arms.some(({ model, version: pinned }) => model.name === version.name && pinned === undefined)) continue
      const beside = arms.map((arm) => arm.resolve()).find(({ inputSize }) => inputSize !== version.inputSize)
      if (!beside) continue
      throw new ServeError(
        'MODEL_SHAPE',
        `${version.name}:${version.version} takes ${version.inputSize} numbers, but ${beside.name}:${beside.version}, also linked to "${name}", takes ${beside.inputSize}; publish it under another name`,
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

  /** Links all of the models, or none. @throws ServeError `APPLICATION_UNKNOWN`, `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `MODEL_SHAPE` */
  async link(applicationName: string, links: readonly string[]): Promise<void> {
    const application = this.application(applicationName)
    const arms = new Map(application.arms.map((arm) => [arm.name, arm]))
    for (const link of links) if (!arms.has(link)) arms.set(link, this.#arm(link))
    const [first, ...others] = [...arms.values()].map((arm) => ({ name: arm.name, inputSize: arm.resolve().inputSize }))
    for (const { name, inputSize } of others) {
      if (inputSize === first!.inputSize) continue
      throw new ServeError(
        'MODEL_SHAPE',
        `"${name}" takes ${inputSize} numbers, but "${first!.name}", beside it in "${applicationName}", takes ${first!.inputSize}; link it to another application`,
      )
    }
    application.arms = [...arms.values()]
    for (const { model } of application.arms) this.#tightenSlo(model)
    await this.#state.applications.set(applicationName, application.toRecord())
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

  listModels(): Promise<ModelRecord[]> {
    return this.#state.models.all()
  }
}
