import { UnsupportedMode } from '../../errors.js'
import { checkKwargs } from '../../kwargs.js'
import { FramePage } from '../../rendering/frame-page.js'
import { tiled } from '../../rendering/grid.js'
import { shown } from '../../shown.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { ObservationTarget, VectorActions, VectorInfos, VectorResetOptions, VectorStep } from '../../vector/vector-types.js'
import { VectorWrapper } from '../../vector/vector-wrapper.js'
import { rgbFrame } from '../frames.js'
import type { HumanRenderingOptions } from '../human-rendering.js'

const DEFAULT_FPS = 30

/**
 * Shows all environments side by side on a page in the browser (`url`), at their frames a second.
 *
 *     const envs = new wrappers.vector.HumanRendering(makeVec('CartPole-v1', { numEnvs: 4, renderMode: 'rgb_array' }))
 *     console.log(`watch at ${envs.url}`)
 */
export class HumanRendering<Obs = Float32Array> extends VectorWrapper<Obs> {
  readonly #page: FramePage

  /** @throws UnsupportedMode unless the environments render pictures, EnvError (ENVS_PAGE) where the port is taken */
  constructor(env: VectorEnv<Obs>, options: HumanRenderingOptions = {}) {
    super(env)
    checkKwargs('HumanRendering', options, ['port'])
    if (env.renderMode !== 'rgb_array')
      throw new UnsupportedMode(`HumanRendering needs environments made with renderMode 'rgb_array', got ${shown(env.renderMode)}`)
    this.renderMode = 'human'
    this.#page = new FramePage(String(env), options.port)
  }

  get url(): string {
    return this.#page.url
  }

  override reset(options?: VectorResetOptions<Obs>): [observations: Obs, infos: VectorInfos<Obs>] {
    const result = super.reset(options)
    this.#show()
    return result
  }

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const result = super.step(actions, target)
    this.#show()
    return result
  }

  #show(): void {
    const frames = (this.env.render() ?? []).map((frame) => rgbFrame('HumanRendering', frame))
    this.#page.show(tiled(frames, Math.ceil(Math.sqrt(frames.length))))
    this.#page.pace(this.metadata.renderFps ?? DEFAULT_FPS)
  }

  override close(): void {
    super.close()
    this.#page.close()
  }
}
