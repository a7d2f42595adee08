import { ServeError } from '../errors.js'
import { didYouMean } from '../refusals.js'
import { Bandit } from '../selection/bandit.js'
import { selectionPolicy } from '../selection/policies.js'
import type { ApplicationRecord, ModelRecord, State } from '../state/state.js'
import { Application } from './application.js'
import { Arm } from './arm.js'
import type { Ledger } from './ledger.js'
import { Model, type ModelVersion } from './model.js'
import { DEFAULT_SLO_MS } from './options.js'

/** What becomes of containers when the rows say something else than what runs here. */
export interface VersionKeeper {
  /** A version is to run that does not. */
  wanted(record: ModelRecord): void
  /** A version is not to run any more; what was asked of it is answered first. */
  released(version: ModelVersion): void
  /** A version is to have another number of replicas. */
  scaled(version: ModelVersion): void
}

/**
 * What runs here: applications and models, with the links between them. It follows the ledger's rows: what they say and is warm here
 * answers queries.
 */
export class Registry {
  readonly applications = new Map<string, Application>()
  readonly models = new Map<string, Model>()
  /** Versions whose containers run, by `name:version`. */
  readonly #warm = new Map<string, ModelVersion>()
  readonly #ledger: Ledger
  readonly #state: State
  #keeper: VersionKeeper | undefined

  constructor(state: State, ledger: Ledger) {
    this.#state = state
    this.#ledger = ledger
    ledger.follow(() => this.follow())
  }

  /** From now on the rows are followed. */
  begin(keeper: VersionKeeper): void {
    this.#keeper = keeper
    this.follow()
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

  /** A version whose containers are warm: it answers as soon as the rows know it. */
  warmed(version: ModelVersion): void {
    this.#warm.set(version.id, version)
  }

  /** Looks at the rows again. */
  follow(): void {
    if (this.#keeper === undefined) return
    this.#release()
    for (const [id, { current, ...record }] of this.#ledger.models) {
      const version = this.#warm.get(id)
      if (version === undefined) {
        this.#keeper.wanted({ ...record, current })
        continue
      }
      const { replicas } = version.record
      version.record = record
      if (replicas !== record.replicas) this.#keeper.scaled(version)
    }
    this.#followModels()
    this.#followApplications()
  }

  /** Lets go of versions that are no more, or were published anew under the same name. */
  #release(): void {
    for (const [id, version] of this.#warm) {
      const record = this.#ledger.models.get(id)
      if (record !== undefined && record.publishedAt === version.record.publishedAt) continue
      this.#warm.delete(id)
      const model = this.models.get(version.name)
      if (model?.versions.get(version.version) === version) model.versions.delete(version.version)
      this.#keeper?.released(version)
    }
  }

  #followModels(): void {
    for (const version of this.#warm.values()) {
      const model = this.models.get(version.name)
      if (model === undefined) this.models.set(version.name, new Model(version.name, version))
      else model.versions.set(version.version, version)
    }
    for (const [name, model] of this.models) {
      if (model.versions.size === 0) {
        this.models.delete(name)
        continue
      }
      const isCurrent = ({ id }: ModelVersion) => this.#ledger.models.get(id)?.current === true
      const bySince = [...model.versions.values()].sort((a, b) => b.record.currentSince - a.record.currentSince)
      const stays = model.versions.get(model.current.version) === model.current ? model.current : undefined
      // One that is to answer but is not warm yet is waited for: meanwhile the one before goes on.
      model.current = bySince.find(isCurrent) ?? stays ?? bySince[0]!
    }
  }

  #followApplications(): void {
    for (const [name, application] of this.applications) {
      const record = this.#ledger.applications.get(name)
      if (record === undefined || !application.isAs(record)) this.applications.delete(name)
    }
    for (const { models, ...record } of this.#ledger.applications.values()) {
      let application = this.applications.get(record.name)
      if (application === undefined) {
        application = new Application(record, new Bandit(record.name, selectionPolicy(record.selection), this.#state))
        this.applications.set(record.name, application)
      }
      application.links = models
      this.#resolve(application)
    }
    for (const model of this.models.values()) this.#tightenSlo(model)
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
  }

  /** A model's batches are sized for the most impatient application that uses it. */
  #tightenSlo(model: Model): void {
    const users = [...this.applications.values()].filter(({ arms }) => arms.some((arm) => arm.model === model))
    const slos = users.map(({ sloMs }) => sloMs)
    for (const { dispatcher } of model.versions.values()) dispatcher.setSlo(slos.length > 0 ? Math.min(...slos) : DEFAULT_SLO_MS)
  }

  listApplications(): ApplicationRecord[] {
    return [...this.#ledger.applications.values()]
  }

  listModels(): ModelRecord[] {
    return [...this.#ledger.models.values()]
  }
}
