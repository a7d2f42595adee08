import type { Env, Info, RenderFrame, ResetOptions, StepResult } from '../env.js'
import { UnsupportedMode } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { FramePage } from '../rendering/frame-page.js'
import { shown } from '../shown.js'
import { Wrapper } from '../wrapper.js'

const DEFAULT_FPS = 30

export interface HumanRenderingOptions {
  /** Of the page; any free one unless told. */
  port?: number
}

/**
 * Shows every reset and step on a page in the browser (`url`), at the environment's frames a second. `make` puts it around for
 * `renderMode: 'human'`; then `render` has nothing more to do.
 *
 *     const env = new wrappers.HumanRendering(make('CartPole-v1', { renderMode: 'rgb_array' }))
 *     console.log(`watch at ${env.url}`)
 */
export class HumanRendering<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  readonly #page: FramePage

  /** @throws UnsupportedMode unless the environment renders pictures, EnvError (ENVS_PAGE) where the port is taken */
  constructor(env: Env<Obs, Act>, options: HumanRenderingOptions = {}) {
    super(env, options)
    checkKwargs('HumanRendering', options, ['port'])
    if (env.renderMode !== 'rgb_array' && env.renderMode !== 'rgb_array_list')
      throw new UnsupportedMode(`HumanRendering needs an environment made with renderMode 'rgb_array', got ${shown(env.renderMode)}`)
    this.renderMode = 'human'
    this.metadata = { ...env.metadata, renderModes: [...new Set([...env.metadata.renderModes, 'human'])] }
    this.#page = new FramePage(env.spec?.id ?? String(env), options.port)
  }

  get url(): string {
    return this.#page.url
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    const result = this.env.reset(options)
    this.#show()
    return result
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action)
    this.#show()
    return result
  }

  #show(): void {
    // Shapes are a small part of what their pixels are.
    this.#page.show(this.env.drawing() ?? this.env.render())
    this.#page.pace(this.metadata.renderFps ?? DEFAULT_FPS)
  }

  override render(): RenderFrame | null {
    return null
  }

  override close(): void {
    this.env.close()
    this.#page.close()
  }
}
