import type { Env, Info, RenderFrame, ResetOptions, RGBFrame, StepResult } from '../env.js'
import { UnsupportedMode } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { VIDEO_OPTIONS, type VideoOptions, VideoRecorder } from '../rendering/video.js'
import { shown } from '../shown.js'
import { Wrapper } from '../wrapper.js'
import { rgbFrame } from './frames.js'

/**
 * Records episodes, or a number of steps, as GIF and, where ffmpeg is found, as mp4. `close` writes what is still being recorded.
 *
 *     const env = new wrappers.RecordVideo(make('CartPole-v1', { renderMode: 'rgb_array' }), { videoFolder: 'videos' })
 *     env.reset({ seed: 1 })
 *     for (let ended = false; !ended; ) {
 *       const [, , terminated, truncated] = env.step(env.actionSpace.sample())
 *       ended = terminated || truncated
 *     }
 *     env.close() // videos/rl-video-episode-0.gif
 */
export class RecordVideo<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  readonly #recorder: VideoRecorder

  /** @throws UnsupportedMode unless the environment renders pictures, InvalidKwargs, EnvError (ENVS_NO_FFMPEG) for an mp4 without it */
  constructor(env: Env<Obs, Act>, options: VideoOptions) {
    super(env, options)
    checkKwargs('RecordVideo', options, VIDEO_OPTIONS)
    if (env.renderMode !== 'rgb_array' && env.renderMode !== 'rgb_array_list')
      throw new UnsupportedMode(`RecordVideo needs an environment made with renderMode 'rgb_array', got ${shown(env.renderMode)}`)
    this.#recorder = new VideoRecorder(options, env.metadata.renderFps)
  }

  /** The files written so far. */
  get videoFiles(): readonly string[] {
    return this.#recorder.files
  }

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    const result = this.env.reset(options)
    this.#recorder.episode()
    this.#recorder.capture(() => this.#picture())
    return result
  }

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action)
    this.#recorder.step()
    this.#recorder.capture(() => this.#picture())
    return result
  }

  /** Of an environment that gives lists of frames, those taken for the recording are still to be given by `render`. */
  #history: RenderFrame[] = []

  #picture(): RGBFrame {
    const rendered = this.env.render()
    if (Array.isArray(rendered)) this.#history.push(...(rendered as RenderFrame[]))
    return rgbFrame('RecordVideo', rendered)
  }

  override render(): RenderFrame | null {
    const rendered = this.env.render()
    if (!Array.isArray(rendered)) return rendered
    const before = this.#history
    this.#history = []
    return [...before, ...(rendered as RenderFrame[])] as unknown as RenderFrame
  }

  override close(): void {
    this.env.close()
    this.#recorder.stop()
  }
}
