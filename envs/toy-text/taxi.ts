import type { EnvMetadata, Info, ResetOptions } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import { invalidState } from '../state.js'
import { TabularEnv } from './tabular-env.js'
import { decodeTaxi, encodeTaxi, IN_TAXI, PLACES, TAXI_ACTIONS, TAXI_STATES, taxiActionMask, taxiOutcomes } from './taxi-grid.js'
import { taxiDrawing, taxiText } from './taxi-render.js'
import { lastMade, TransitionTable } from './transition-table.js'

export interface TaxiOptions {
  /** Whether a move may drift to either side; false unless told. */
  isRainy?: boolean
  /** How likely a move in the rain goes where it should; 0.8 unless told. */
  rainyProbability?: number
  /** Whether the passenger may change the destination on the first move after the pickup; false unless told. */
  ficklePassenger?: boolean
  /** How likely an episode has a fickle passenger; 0.3 unless told. */
  fickleProbability?: number
  renderMode?: string | null
}

const OPTIONS = ['isRainy', 'rainyProbability', 'ficklePassenger', 'fickleProbability', 'renderMode']
export const TAXI_METADATA: EnvMetadata = { renderModes: ['ansi', 'rgb_array'], renderFps: 4 }

/**
 * Taxi (Dietterich, 2000): fetch the passenger and take him where he wants to go. Observation: a state of taxi-grid.ts. Reward −1 a step,
 * 20 for the delivery, −10 for a pickup or dropoff that cannot be. Infos have the `actionMask` of what changes the state. `make` adds
 * the time limit.
 */
export class TaxiEnv extends TabularEnv {
  override metadata: EnvMetadata = { ...TAXI_METADATA, keysToAction: { ArrowDown: 0, ArrowUp: 1, ArrowRight: 2, ArrowLeft: 3, p: 4, d: 5 } }
  readonly #ficklePassenger: boolean
  readonly #fickleProbability: number
  /** Whether the destination may still change in this episode. */
  #fickle = false

  /** @throws InvalidKwargs for an option it does not have, or a probability that is none */
  constructor(options: TaxiOptions = {}) {
    const { table, ficklePassenger, fickleProbability } = taxi(options)
    super('Taxi', table, TAXI_ACTIONS)
    this.#ficklePassenger = ficklePassenger
    this.#fickleProbability = fickleProbability
    this.renderMode = options.renderMode ?? null
  }

  override reset(given?: ResetOptions): [number, Info] {
    const result = super.reset(given)
    this.#fickle = this.#ficklePassenger && this.npRandom.random() < this.#fickleProbability
    return result
  }

  /** On the first move with the passenger, a fickle one names another destination. */
  protected override arrive(from: number, to: number): number {
    if (!this.#fickle) return to
    const before = decodeTaxi(from)
    const after = decodeTaxi(to)
    if (before.passenger !== IN_TAXI || (before.row === after.row && before.col === after.col)) return to
    this.#fickle = false
    const drawn = this.npRandom.choice(PLACES.length - 1)
    return encodeTaxi({ ...after, destination: drawn + (drawn >= before.destination ? 1 : 0) })
  }

  protected override infoOf(prob: number): Info {
    return { prob, actionMask: masks()[this.s]!.slice() }
  }

  override drawing(): Drawing | null {
    return this.s < 0 ? null : taxiDrawing(this.s)
  }

  protected override text(): string {
    return taxiText(this.s, this.lastAction === null ? null : this.meanings[this.lastAction]!)
  }

  protected override saveOwn(): Record<string, unknown> {
    return { ...super.saveOwn(), fickle: this.#fickle }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    if (typeof own.fickle !== 'boolean') throw invalidState(`fickle of Taxi is true or false, got ${shown(own.fickle)}`)
    super.loadOwn(own)
    this.#fickle = own.fickle
  }
}

let allMasks: Int8Array[] | undefined

/** The action mask of each state. */
export function masks(): Int8Array[] {
  allMasks ??= Array.from({ length: TAXI_STATES }, (_, state) => taxiActionMask(state))
  return allMasks
}

/** What the options ask for. @throws InvalidKwargs */
export function taxi(options: TaxiOptions): { table: TransitionTable; ficklePassenger: boolean; fickleProbability: number } {
  checkKwargs('Taxi', options, OPTIONS)
  const { isRainy = false, rainyProbability = 0.8, ficklePassenger = false, fickleProbability = 0.3 } = options
  checkFlags('Taxi', { isRainy, ficklePassenger })
  for (const [name, value] of Object.entries({ rainyProbability, fickleProbability })) {
    if (!(typeof value === 'number' && value >= 0 && value <= 1))
      throw new InvalidKwargs(`${name} is a probability, from 0 to 1, got ${shown(value)}`)
  }
  return { table: tableOf(isRainy ? String(rainyProbability) : 'dry'), ficklePassenger, fickleProbability }
}

const tableOf = lastMade((key) => {
  const rainy = key === 'dry' ? null : Number(key)
  const mayBegin = (state: number) => {
    const { passenger, destination } = decodeTaxi(state)
    return passenger < IN_TAXI && passenger !== destination ? 1 : 0
  }
  return new TransitionTable(
    TAXI_STATES,
    TAXI_ACTIONS.length,
    (state, action) => taxiOutcomes(state, action, rainy),
    Array.from({ length: TAXI_STATES }, (_, state) => mayBegin(state)),
  )
})
