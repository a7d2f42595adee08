import type { RGBFrame } from '../../env.js'
import { InvalidKwargs, UnsupportedMode } from '../../errors.js'
import { checkKwargs } from '../../kwargs.js'
import { warn } from '../../logger.js'
import { gridFor, tiled } from '../../rendering/grid.js'
import { VIDEO_OPTIONS, type VideoOptions, VideoRecorder } from '../../rendering/video.js'
import { shown } from '../../shown.js'
import type { VectorEnv } from '../../vector/vector-env.js'
import type { ObservationTarget, VectorActions, VectorInfos, VectorResetOptions, VectorStep } from '../../vector/vector-types.js'
import { VectorWrapper } from '../../vector/vector-wrapper.js'
import { rgbFrame } from '../frames.js'

export interface VectorVideoOptions extends VideoOptions {
  /** [width, height] that the pictures side by side should have, about; [1, 1] unless told. */
  videoAspectRatio?: readonly [number, number]
  /** Whether to record only environment 0. */
  recordFirstOnly?: boolean
}

/**
 * Records all environments side by side. The episodes that triggers name are those of environment 0.
 *
 *     const envs = new wrappers.vector.RecordVideo(makeVec('CartPole-v1', { numEnvs: 4, renderMode: 'rgb_array' }), { videoFolder: 'videos' })
 */
export class RecordVideo<Obs = Float32Array> extends VectorWrapper<Obs> {
  readonly #recorder: VideoRecorder
  readonly #aspect: number
  readonly #firstOnly: boolean
  #hasAutoreset = false

  /** @throws UnsupportedMode unless the environments render pictures, InvalidKwargs, EnvError (ENVS_NO_FFMPEG) */
  constructor(env: VectorEnv<Obs>, options: VectorVideoOptions) {
    super(env)
    checkKwargs('RecordVideo', options, [...VIDEO_OPTIONS, 'videoAspectRatio', 'recordFirstOnly'])
    if (env.renderMode !== 'rgb_array')
      throw new UnsupportedMode(`RecordVideo needs environments made with renderMode 'rgb_array', got ${shown(env.renderMode)}`)
    const [width, height] = options.videoAspectRatio ?? [1, 1]
    if (!(width > 0 && height > 0)) throw new InvalidKwargs(`videoAspectRatio is [width, height], got ${shown(options.videoAspectRatio)}`)
    this.#aspect = width / height
    this.#firstOnly = options.recordFirstOnly ?? false
    if (env.autoresetMode === 'same-step') warn("with 'same-step' a video has no last picture of an episode: the next has begun by then")
    this.#recorder = new VideoRecorder(options, env.metadata.renderFps)
  }

  /** The files written so far. */
  get videoFiles(): readonly string[] {
    return this.#recorder.files
  }

  override reset(options: VectorResetOptions<Obs> = {}): [observations: Obs, infos: VectorInfos<Obs>] {
    const mask = options.options?.resetMask
    if (!mask || mask[0]) this.#recorder.episode()
    const result = super.reset(options)
    this.#recorder.capture(() => this.#picture())
    this.#hasAutoreset = false
    return result
  }

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const result = super.step(actions, target)
    const ended = result[2][0] === 1 || result[3][0] === 1
    if (this.autoresetMode === 'next-step') {
      if (this.#hasAutoreset) this.#recorder.episode()
      this.#hasAutoreset = ended
    } else if (this.autoresetMode === 'same-step' && ended) this.#recorder.episode()
    this.#recorder.step()
    this.#recorder.capture(() => this.#picture())
    return result
  }

  #picture(): RGBFrame {
    const rendered = this.env.render() ?? []
    const frames = (this.#firstOnly ? rendered.slice(0, 1) : rendered).map((frame) => rgbFrame('RecordVideo', frame))
    return tiled(frames, gridFor(frames.length, frames[0]!, this.#aspect).columns)
  }

  override close(): void {
    super.close()
    this.#recorder.stop()
  }
}
