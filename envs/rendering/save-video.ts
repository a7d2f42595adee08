import type { RGBFrame } from '../env.js'
import { InvalidKwargs } from '../errors.js'
import { checkKwargs } from '../kwargs.js'
import { shown } from '../shown.js'
import { cappedCubicVideoSchedule, VIDEO_OPTIONS, type VideoOptions, VideoRecorder } from './video.js'

export interface SaveVideoOptions extends VideoOptions {
  /** The number of the episode that the frames are of; 0 unless told. */
  episodeIndex?: number
  /** The number of the step that gave the second frame: the first comes from the reset. 0 unless told. */
  stepStartingIndex?: number
}

/**
 * Writes the frames of one episode, as an environment with render mode 'rgb_array_list' gives them, if a trigger asks for it; RecordVideo
 * does so while it goes on. Gymnasium's `save_video`; options as RecordVideo's.
 *
 *     saveVideo(env.render(), { videoFolder: 'videos', fps: env.metadata.renderFps, episodeIndex: 3 })
 *
 * @returns the files written
 * @throws InvalidKwargs, EnvError (ENVS_NEEDS_NODE), EnvError (ENVS_NO_FFMPEG) for an mp4 without it
 */
export function saveVideo(frames: readonly RGBFrame[], options: SaveVideoOptions): readonly string[] {
  checkKwargs('saveVideo', options, [...VIDEO_OPTIONS, 'episodeIndex', 'stepStartingIndex'])
  if (!Array.isArray(frames)) throw new InvalidKwargs(`saveVideo takes a list of frames, got ${shown(frames)}`)
  const { episodeIndex = 0, episodeTrigger, namePrefix = 'rl-video', stepStartingIndex = 0, stepTrigger, videoLength } = options
  const recorder = new VideoRecorder({ ...options, videoLength: 0 }, undefined, true)
  const write = (name: string, first: number) => {
    recorder.start(`${namePrefix}-${name}`)
    for (const frame of frames.slice(first, videoLength ? first + videoLength : undefined)) recorder.capture(() => frame)
    recorder.stop()
  }
  const atEpisode = episodeTrigger ?? (stepTrigger ? null : cappedCubicVideoSchedule)
  if (atEpisode?.(episodeIndex)) write(`episode-${episodeIndex}`, 0)
  if (!stepTrigger) return recorder.files
  for (let frame = 1; frame < frames.length; frame++) {
    const step = stepStartingIndex + frame - 1
    if (stepTrigger(step)) write(`step-${step}`, frame)
  }
  return recorder.files
}
