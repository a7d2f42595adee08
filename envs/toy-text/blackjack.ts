import { checkChoice } from '../actions.js'
import { checkResetOptions, Env, type EnvMetadata, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { ResetNeeded } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import { shown } from '../shown.js'
import { Discrete, Tuple } from '../spaces/index.js'
import { invalidState } from '../state.js'
import { blackjackDrawing } from './blackjack-render.js'
import { drawCard, FACES, handSum, isBust, payout, playDealer, SUITS } from './blackjack-rules.js'

export interface BlackjackOptions {
  /** Whether a natural (an ace and a ten) that wins is paid 1.5; false unless told. Means nothing with `sab`. */
  natural?: boolean
  /** The rules of Sutton and Barto: a natural wins against all but a natural, for 1. `make` has true. */
  sab?: boolean
  renderMode?: string | null
}

export const BLACKJACK_METADATA: EnvMetadata = { renderModes: ['rgb_array'], renderFps: 4 }
const BLACKJACK_ACTIONS = ['stick', 'hit']
export type BlackjackObservation = [playerSum: number, dealerCard: number, usableAce: number]

/**
 * Blackjack (Sutton and Barto, example 5.1): hit (1) or stick (0), to come closer to 21 than the dealer without going above. Reward 1, 0 or
 * −1 at the end.
 */
export class BlackjackEnv extends Env<BlackjackObservation, number> {
  override readonly actionSpace = new Discrete(2)
  override readonly observationSpace = new Tuple([new Discrete(32), new Discrete(11), new Discrete(2)])
  override metadata: EnvMetadata = { ...BLACKJACK_METADATA, keysToAction: { s: 0, h: 1 } }
  /** Cards, 1 to 10; empty before the first reset. The dealer's first is open. */
  player: number[] = []
  dealer: number[] = []
  /** The open card as it is drawn, which says nothing that the value does not. */
  #suit: string = SUITS[0]
  #rank = ''
  readonly #natural: boolean
  readonly #sab: boolean

  /** @throws InvalidKwargs for an option it does not have */
  constructor(options: BlackjackOptions = {}) {
    super()
    checkKwargs('Blackjack', options, ['natural', 'sab', 'renderMode'])
    const { natural = false, sab = false } = options
    checkFlags('Blackjack', { natural, sab })
    this.#natural = natural
    this.#sab = sab
    this.renderMode = options.renderMode ?? null
  }

  /** @throws InvalidKwargs */
  override reset(given: ResetOptions = {}): [BlackjackObservation, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    const random = this.npRandom
    this.dealer = [drawCard(random), drawCard(random)]
    this.player = [drawCard(random), drawCard(random)]
    this.#suit = SUITS[random.choice(SUITS.length)]!
    const open = this.dealer[0]!
    this.#rank = open === 1 ? 'A' : open === 10 ? FACES[random.choice(FACES.length)]! : String(open)
    return [this.#observe(), {}]
  }

  /** @throws InvalidAction, ResetNeeded */
  override step(action: number): StepResult<BlackjackObservation> {
    checkChoice('Blackjack', BLACKJACK_ACTIONS, action)
    if (this.player.length === 0) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    if (action === 1) {
      this.player.push(drawCard(this.npRandom))
      const bust = isBust(this.player)
      return [this.#observe(), bust ? -1 : 0, bust, false, {}]
    }
    playDealer(this.dealer, this.npRandom)
    return [this.#observe(), payout(this.player, this.dealer, this.#sab, this.#natural), true, false, {}]
  }

  #observe(): BlackjackObservation {
    const { sum, usableAce } = handSum(this.player)
    return [sum, this.dealer[0]!, usableAce]
  }

  override render(): RenderFrame | null {
    const drawing = this.renderMode === null ? null : this.drawing()
    return drawing && rasterized(drawing)
  }

  override drawing(): Drawing | null {
    if (this.player.length === 0) return null
    const [playerSum, dealerCard, usableAce] = this.#observe()
    return blackjackDrawing({ playerSum, dealerCard, usableAce: usableAce === 1, rank: this.#rank, suit: this.#suit })
  }

  protected override saveOwn(): Record<string, unknown> {
    return { player: [...this.player], dealer: [...this.dealer], suit: this.#suit, rank: this.#rank }
  }

  protected override loadOwn({ dealer, player, rank, suit }: Record<string, unknown>): void {
    for (const hand of [player, dealer]) {
      if (!Array.isArray(hand) || !hand.every((card) => Number.isInteger(card) && card >= 1 && card <= 10))
        throw invalidState(`a hand of Blackjack is a list of cards from 1 to 10, got ${shown(hand)}`)
    }
    if (typeof rank !== 'string' || typeof suit !== 'string')
      throw invalidState(`rank and suit of Blackjack are text, got ${shown(rank)} and ${shown(suit)}`)
    this.player = [...(player as number[])]
    this.dealer = [...(dealer as number[])]
    this.#suit = suit
    this.#rank = rank
  }
}
