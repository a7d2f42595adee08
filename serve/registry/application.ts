import { isDeepStrictEqual } from 'node:util'
import { ServeError } from '../errors.js'
import { Deadlines } from '../query/deadlines.js'
import type { Exchange } from '../query/exchange.js'
import { Latencies } from '../query/latencies.js'
import { Watchers } from '../query/watchers.js'
import type { Bandit } from '../selection/bandit.js'
import type { ApplicationRecord } from '../state/state.js'
import type { Arm } from './arm.js'
import { type ModelVersion, type Taken, takenBy } from './model.js'

/** What became of one arm since it was linked, or the server was started. */
export interface ArmTally {
  /** Queries that asked it. */
  queries: number
  /** Feedback that said something of its answers. */
  feedback: number
  /** Of that, each 0 (the best) to 1. */
  losses: number
}

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
  /** Queries that were turned away because there were too many. */
  shed = 0
  /** Of the arms, in their order. */
  tallies: readonly ArmTally[] = []
  readonly #tallies = new Map<string, ArmTally>()
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

  /** What its queries carry: what its models take, or where there is none whatever it was registered for. @throws ServeError `MODEL_VERSION_UNKNOWN` */
  takes(wanted?: string): Taken {
    const [first] = this.#arms
    return first === undefined ? { inputType: this.record.inputType, inputSize: null } : first.resolve(wanted).description
  }

  /**
   * The versions that a query may ask, arm by arm: `wanted` of each model where the query names one.
   * @throws ServeError `MODEL_VERSION_UNKNOWN`; `MODEL_SHAPE` where they take different inputs, as old versions of models that are alike now may
   */
  versions(wanted?: string): ModelVersion[] {
    const arms = this.selects ? this.#arms : this.#arms.slice(0, 1)
    const versions = arms.map((arm) => arm.resolve(wanted))
    for (let i = 1; i < versions.length; i++) checkAlike(versions[0]!, versions[i]!)
    return versions
  }

  set arms(arms: readonly Arm[]) {
    this.#arms = arms
    this.bandit.setArms(arms.map(({ name }) => name))
    // Links come and go for as long as the server runs.
    for (const name of this.#tallies.keys()) if (!this.#isLinked(name)) this.#tallies.delete(name)
    this.tallies = arms.map(({ name }) => this.tally(name))
  }

  /** An arm's counts; of one that is not linked any more (feedback comes late) they are not kept. */
  tally(arm: string): ArmTally {
    const known = this.#tallies.get(arm) ?? { queries: 0, feedback: 0, losses: 0 }
    if (this.#isLinked(arm)) this.#tallies.set(arm, known)
    return known
  }

  #isLinked(arm: string): boolean {
    return this.links.includes(arm) || this.#arms.some(({ name }) => name === arm)
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

/** One set of inputs is for all that are asked. @throws ServeError `MODEL_SHAPE` */
function checkAlike({ id, description: taken }: ModelVersion, other: ModelVersion): void {
  const { inputType, inputSize } = other.description
  if (inputType === taken.inputType && inputSize === taken.inputSize) return
  throw new ServeError(
    'MODEL_SHAPE',
    `${id} takes ${takenBy(taken)}, ${other.id} ${takenBy(other.description)}; ask an application of one of them`,
  )
}
