/** Recording of pictures into files: a GIF always possible, an mp4 where the program `ffmpeg` is found. */
import type { RGBFrame } from '../env.js'
import { EnvError, InvalidKwargs } from '../errors.js'
import { nodeModule } from '../host.js'
import { warn } from '../logger.js'
import { shown } from '../shown.js'
import { encodeGif } from './gif.js'

const FORMATS = ['gif', 'mp4'] as const
export type VideoFormat = (typeof FORMATS)[number]

export interface VideoOptions {
  /** Made where it is not there. */
  videoFolder: string
  /** Whether to record an episode, by its number from 0; without any trigger 0, 1, 8, 27, … up to 1000, then every 1000th. */
  episodeTrigger?: ((episode: number) => boolean) | null
  /** Whether to begin a recording at a step, by its number from 0. */
  stepTrigger?: ((step: number) => boolean) | null
  /** Pictures in a recording; until the end of the episode for 0, as unless told. */
  videoLength?: number
  /** Files are called namePrefix-episode-N or namePrefix-step-N; 'rl-video' unless told. */
  namePrefix?: string
  /** Pictures a second; the environment's `metadata.renderFps`, or 30, unless told. */
  fps?: number | null
  /** ['gif'], and 'mp4' too where ffmpeg is found, unless told. */
  formats?: readonly VideoFormat[] | null
}

export const VIDEO_OPTIONS = ['videoFolder', 'episodeTrigger', 'stepTrigger', 'videoLength', 'namePrefix', 'fps', 'formats']

/** Gymnasium's schedule: the cubes up to 1000, then every 1000th. */
export function cappedCubicVideoSchedule(episode: number): boolean {
  return episode < 1000 ? Math.round(Math.cbrt(episode)) ** 3 === episode : episode % 1000 === 0
}

/** When to record, the pictures so far, and where they go. */
export class VideoRecorder {
  /** The files written, oldest first. */
  readonly files: string[] = []
  #name: string | null = null
  #frames: RGBFrame[] = []
  #step = -1
  #episode = -1
  readonly #folder: string
  readonly #prefix: string
  readonly #length: number
  readonly #fps: number
  readonly #formats: readonly VideoFormat[]
  readonly #atEpisode: ((episode: number) => boolean) | null
  readonly #atStep: ((step: number) => boolean) | null

  /** @param isOneOfMany more are to come to the same folder @throws InvalidKwargs, EnvError (ENVS_NEEDS_NODE) */
  constructor(options: VideoOptions, renderFps: number | undefined, isOneOfMany = false) {
    const {
      episodeTrigger = null,
      formats = null,
      fps = null,
      namePrefix = 'rl-video',
      stepTrigger = null,
      videoFolder,
      videoLength = 0,
    } = options
    if (typeof videoFolder !== 'string' || videoFolder === '')
      throw new InvalidKwargs(`videoFolder is the path of a folder, got ${shown(videoFolder)}`)
    if (!Number.isInteger(videoLength) || videoLength < 0)
      throw new InvalidKwargs(`videoLength is a whole number of pictures, got ${shown(videoLength)}`)
    const odd = formats?.find((format) => !FORMATS.includes(format))
    if (odd !== undefined || formats?.length === 0)
      throw new InvalidKwargs(`formats is a list of ${FORMATS.join(', ')}, got ${shown(formats)}`)
    const mp4 = (formats === null || formats.includes('mp4')) && hasFfmpeg()
    if (formats?.includes('mp4') && !mp4)
      throw new EnvError('ENVS_NO_FFMPEG', 'an mp4 needs the program ffmpeg, which is not found; install it or ask for gif')
    this.#formats = formats ?? (mp4 ? FORMATS : ['gif'])
    this.#folder = nodeModule('node:path', 'RecordVideo').resolve(videoFolder)
    const fs = nodeModule('node:fs', 'RecordVideo')
    if (!isOneOfMany && fs.existsSync(this.#folder))
      warn(`videos of the same names in ${this.#folder} will be overwritten; pass another videoFolder to keep them`)
    fs.mkdirSync(this.#folder, { recursive: true })
    this.#prefix = namePrefix
    this.#length = videoLength === 0 ? Infinity : videoLength
    this.#fps = fps ?? renderFps ?? 30
    this.#atStep = stepTrigger
    this.#atEpisode = episodeTrigger ?? (stepTrigger === null ? cappedCubicVideoSchedule : null)
  }

  get recording(): boolean {
    return this.#name !== null
  }

  get frames(): readonly RGBFrame[] {
    return this.#frames
  }

  /** The next episode has begun. */
  episode(): void {
    this.#episode++
    if (this.recording && this.#length === Infinity) this.stop()
    if (this.#atEpisode?.(this.#episode)) this.start(`${this.#prefix}-episode-${this.#episode}`)
  }

  step(): void {
    this.#step++
    if (this.#atStep?.(this.#step)) this.start(`${this.#prefix}-step-${this.#step}`)
  }

  /** Takes a picture, if it is the time for it. */
  capture(picture: () => RGBFrame): void {
    if (!this.recording) return
    const frame = picture()
    this.#frames.push({ ...frame, data: frame.data.slice() })
    if (this.#frames.length > this.#length) this.stop()
  }

  start(name: string): void {
    if (this.recording) this.stop()
    this.#name = name
  }

  /** Writes what was recorded. */
  stop(): void {
    const name = this.#name
    const frames = this.#frames
    this.#name = null
    this.#frames = []
    if (name === null) return
    if (frames.length === 0) {
      warn(`the video ${name} has no pictures and is not written`)
      return
    }
    const { join } = nodeModule('node:path', 'RecordVideo')
    for (const format of this.#formats) {
      const path = join(this.#folder, `${name}.${format}`)
      if (format === 'gif') nodeModule('node:fs', 'RecordVideo').writeFileSync(path, encodeGif(frames, this.#fps))
      else writeMp4(path, frames, this.#fps)
      this.files.push(path)
    }
  }
}

function hasFfmpeg(): boolean {
  return nodeModule('node:child_process', 'RecordVideo').spawnSync('ffmpeg', ['-version'], { stdio: 'ignore' }).status === 0
}

function writeMp4(path: string, frames: readonly RGBFrame[], fps: number): void {
  const { width, height } = frames[0]!
  const input = new Uint8Array(frames.length * 3 * width * height)
  for (const [i, { data }] of frames.entries()) input.set(data, i * 3 * width * height)
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', String(fps), '-i', '-']
  // The usual colours of a video need even sides.
  const out = ['-vf', 'pad=ceil(iw/2)*2:ceil(ih/2)*2', '-pix_fmt', 'yuv420p', '-movflags', '+faststart', path]
  const done = nodeModule('node:child_process', 'RecordVideo').spawnSync('ffmpeg', ['-y', '-loglevel', 'error', ...raw, ...out], { input })
  if (done.status !== 0) throw new EnvError('ENVS_NO_FFMPEG', `ffmpeg could not write ${path}: ${done.stderr || done.error?.message}`)
}
