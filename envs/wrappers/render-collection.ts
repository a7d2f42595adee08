import type { Env, Info, RenderFrame, ResetOptions, StepResult } from '../env.js'
import { UnsupportedMode } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { Wrapper } from '../wrapper.js'

export interface RenderCollectionOptions {
  /** Whether `render` takes the frames it gives out of the collection; true unless told. */
  popFrames?: boolean
  /** Whether `reset` begins a new collection; true unless told. */
  resetClean?: boolean
}

/**
 * Renders after every reset and step; `render` gives the list of frames. `make` puts it around where `renderMode` ends in '_list'.
 *
 *     const env = make('CartPole-v1', { renderMode: 'rgb_array_list' })
 */
export class RenderCollection<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  #frames: RenderFrame[] = []
  readonly #pops: boolean
  readonly #cleans: boolean

  /** @throws UnsupportedMode where the environment has no render mode, or gives lists already */
  constructor(env: Env<Obs, Act>, options: RenderCollectionOptions = {}) {
    super(env, options)
    checkKwargs('RenderCollection', options, ['popFrames', 'resetClean'])
    const mode = env.renderMode
    if (mode === null || mode === 'human' || mode.endsWith('_list'))
      throw new UnsupportedMode(`RenderCollection needs an environment that renders one frame at a time, got renderMode ${shown(mode)}`)
    this.#pops = options.popFrames ?? true
    this.#cleans = options.resetClean ?? true
    this.renderMode = `${mode}_list`
    this.metadata = { ...env.metadata, renderModes: [...new Set([...env.metadata.renderModes, this.renderMode])] }
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    const result = this.env.reset(options)
    if (this.#cleans) this.#frames = []
    this.#collect()
    return result
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action)
    this.#collect()
    return result
  }

  #collect(): void {
    const frame = this.env.render()
    if (frame !== null) this.#frames.push(frame)
  }

  override render(): RenderFrame {
    const frames = this.#frames
    if (this.#pops) this.#frames = []
    // A list: the type says what all others get, and only who asked for a list has one.
    return (this.#pops ? frames : [...frames]) as unknown as RenderFrame
  }
}
