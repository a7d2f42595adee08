import { checkResetOptions, Env, type EnvMetadata, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { InvalidAction, InvalidKwargs, ResetNeeded } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import { rectangle } from '../rendering/shapes.js'
import { shown } from '../shown.js'
import { Box, Discrete } from '../spaces/index.js'

export interface PickInOrderOptions {
  /** 8 unless told. */
  cards?: number
  renderMode?: string | null
}

const MOST_CARDS = 1000
const TAKEN = 0
const BAR = 24
const HEIGHT = 120

/**
 * A task whose valid actions get fewer, for policies that mask them (Huang and Ontañón, "A Closer Look at Invalid Action Masking in Policy
 * Gradient Algorithms", 2022). Cards numbered 1 to n lie in a random order and are to be taken, the smallest first.
 *
 * Action: the place of a card. Observation: the numbers of the cards by place, divided by n, 0 where a card was taken. Reward 1 for the
 * smallest card that is left, 0 for another, −1 for an empty place, where nothing changes. Terminated when no card is left. Infos have
 * `actionMask`, 1 for the places that hold a card. `make` adds a time limit.
 */
export class PickInOrderEnv extends Env<Float32Array, number> {
  override readonly actionSpace: Discrete
  override readonly observationSpace: Box
  override metadata: EnvMetadata
  /** By place, 0 where taken; empty before the first reset. */
  private cards: number[] = []
  readonly #count: number

  /** @throws InvalidKwargs */
  constructor(options: PickInOrderOptions = {}) {
    super()
    checkKwargs('PickInOrder', options, ['cards', 'renderMode'])
    const { cards = 8 } = options
    if (!(Number.isInteger(cards) && cards >= 1 && cards <= MOST_CARDS)) {
      throw new InvalidKwargs(`cards of PickInOrder is a whole number from 1 to ${MOST_CARDS}, got ${shown(cards)}`)
    }
    this.#count = cards
    // The first card is taken by 1, the tenth by 0.
    const keys = Object.fromEntries(Array.from({ length: Math.min(cards, 10) }, (_, place) => [`${(place + 1) % 10}`, place]))
    this.metadata = { renderModes: ['rgb_array', 'ansi'], renderFps: 4, keysToAction: keys }
    this.actionSpace = new Discrete(cards)
    this.observationSpace = new Box(0, 1, { shape: [cards] })
    this.renderMode = options.renderMode ?? null
  }

  override reset(given: ResetOptions = {}): [Float32Array, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    this.cards = Array.from(this.npRandom.permutation(this.#count), (card) => card + 1)
    return [this.#observe(), this.#info()]
  }

  /** @throws InvalidAction outside of the space (an empty place is within), ResetNeeded */
  override step(action: number): StepResult<Float32Array> {
    if (this.cards.length === 0) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    const card = this.actionSpace.contains(action) ? this.cards[action] : undefined
    if (card === undefined) throw new InvalidAction(`PickInOrder has the actions 0 to ${this.#count - 1}, got ${shown(action)}`)
    const smallest = Math.min(...this.cards.filter((left) => left !== TAKEN))
    this.cards[action] = TAKEN
    const reward = card === TAKEN ? -1 : card === smallest ? 1 : 0
    return [this.#observe(), reward, this.cards.every((left) => left === TAKEN), false, this.#info()]
  }

  #observe(): Float32Array {
    return Float32Array.from(this.cards, (card) => card / this.#count)
  }

  #info(): Info {
    return { actionMask: Uint8Array.from(this.cards, (card) => (card === TAKEN ? 0 : 1)) }
  }

  override render(): RenderFrame | null {
    if (this.renderMode === null || this.cards.length === 0) return null
    return this.renderMode === 'ansi' ? this.cards.map((card) => (card === TAKEN ? '.' : card)).join(' ') : rasterized(this.drawing()!)
  }

  /** A bar a card, as high as its number. */
  override drawing(): Drawing | null {
    if (this.cards.length === 0) return null
    return {
      width: BAR * this.#count,
      height: HEIGHT,
      background: [255, 255, 255],
      paint: (canvas) => {
        for (const [place, card] of this.cards.entries()) {
          if (card !== TAKEN) canvas.polygon(rectangle(BAR * place + 2, 0, BAR - 4, (HEIGHT * card) / this.#count), [70, 110, 180])
        }
      },
    }
  }
}
