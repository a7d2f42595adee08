import { isDeepStrictEqual } from 'node:util'
import { Deadlines } from '../query/deadlines.js'
import type { Exchange } from '../query/exchange.js'
import { Latencies } from '../query/latencies.js'
import { Watchers } from '../query/watchers.js'
import type { Bandit } from '../selection/bandit.js'
import type { ApplicationRecord } from '../state/state.js'
import type { Arm } from './arm.js'

/** An application as it runs: its linked models, its clock and its counts. */
export class Application {
  readonly defaultJson: string
  readonly deadlines = new Deadlines<Exchange>()
  readonly latencies = new Latencies()
  readonly watchers = new Watchers()
  /** The links' names, also of those whose model is not there now: it may come back. */
  links: readonly string[] = []
  #arms: readonly Arm[] = []
  queries = 0
  /** Queries answered with the default, by Clipper's explanation or, for the rest, 'failed'. */
  readonly defaults = { noModels: 0, late: 0, failed: 0, unsure: 0 }

  constructor(
    readonly record: Omit<ApplicationRecord, 'models'>,
    readonly bandit: Bandit,
  ) {
    this.defaultJson = JSON.stringify(record.defaultOutput)
  }

  get name(): string {
    return this.record.name
  }

  get sloMs(): number {
    return this.record.sloMs
  }

  get confidenceThreshold(): number {
    return this.record.confidenceThreshold
  }

  get arms(): readonly Arm[] {
    return this.#arms
  }

  set arms(arms: readonly Arm[]) {
    this.#arms = arms
    this.bandit.setArms(arms.map(({ name }) => name))
  }

  /** Whether there is anything to choose: with 'fixed' the first link answers, and nobody can disagree. */
  get selects(): boolean {
    return this.record.selection !== 'fixed'
  }

  /** Whether it is the one of this record, whatever is linked to it. */
  isAs({ models: _, ...record }: ApplicationRecord): boolean {
    return isDeepStrictEqual(record, this.record)
  }

  toRecord(): ApplicationRecord {
    return { ...this.record, models: this.links }
  }
}
