import { checkResetOptions, Env, type EnvMetadata, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { ResetNeeded } from '../errors.js'
import { rasterized } from '../rendering/raster.js'
import { RandomGenerator, type RandomState } from '../seeding.js'
import { shown } from '../shown.js'
import { invalidState, type SavedObject } from '../state.js'

/** An action as a saved state keeps it. */
type Kept = number | number[]

/**
 * What the tasks on planck share. A world of planck's has state all over (warm starts, trees, contacts, islands), which nothing gives
 * out whole; but it is deterministic. So a saved state is how the episode began and what was done since, and loading it is doing
 * that again. Each episode has a world of its own: bodies of one world must not be used in another.
 */
export abstract class Box2dEnv<Obs, Act> extends Env<Obs, Act> {
  override metadata: EnvMetadata = { renderModes: ['rgb_array'], renderFps: 50 }
  #began: { random: RandomState; options: Record<string, unknown> } | null = null
  #actions: Kept[] = []
  /** While an episode is done again, the draws come from a generator as it was then. */
  #replayed: RandomGenerator | null = null

  /** Where all draws of an episode come from. */
  protected get draws(): RandomGenerator {
    return this.#replayed ?? this.npRandom
  }

  /** Whether an episode is being done again, so that nobody looks at what the steps give. */
  protected get replaying(): boolean {
    return this.#replayed !== null
  }

  /** Builds the world of an episode, and gives the first observation. */
  protected abstract begin(options: Record<string, unknown>): Obs

  /** One step. @throws InvalidAction before anything has changed */
  protected abstract advance(action: Act): StepResult<Obs>

  /** @throws InvalidKwargs for anything but { seed, options } */
  override reset(given: ResetOptions = {}): [Obs, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    const options = given.options ?? {}
    this.#began = { random: this.npRandom.getState(), options: structuredClone(options) }
    this.#actions = []
    return [this.begin(options), {}]
  }

  /** @throws ResetNeeded, InvalidAction */
  override step(action: Act): StepResult<Obs> {
    if (this.#began === null) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    const result = this.advance(action)
    this.#actions.push(typeof action === 'number' ? action : Array.from(action as ArrayLike<number>))
    return result
  }

  protected get started(): boolean {
    return this.#began !== null
  }

  override render(): RenderFrame | null {
    const drawing = this.renderMode === null ? null : this.drawing()
    return drawing && rasterized(drawing)
  }

  protected override saveOwn(): SavedObject {
    return { began: structuredClone(this.#began), actions: structuredClone(this.#actions) }
  }

  protected override loadOwn(own: SavedObject): void {
    const { began, actions } = own as { began: { random: RandomState; options: Record<string, unknown> } | null; actions: Kept[] }
    if (began === undefined || !Array.isArray(actions)) {
      throw invalidState(`a Box2D state has { began, actions }, got ${shown(own)}; pass what getState() gave`)
    }
    this.#began = structuredClone(began)
    this.#actions = structuredClone(actions)
    if (began === null) return
    this.#replayed = RandomGenerator.fromState(began.random)
    try {
      this.begin(began.options)
      for (const action of actions) this.advance(action as Act)
    } finally {
      this.#replayed = null
    }
  }
}
