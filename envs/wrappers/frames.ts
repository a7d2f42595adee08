import type { RenderFrame, RGBFrame } from '../env.js'
import { EnvError } from '../errors.js'
import { shown } from '../shown.js'

/** The newest picture of what `render` gave. @throws EnvError (ENVS_CHECK_FAILED) where that is no picture */
export function rgbFrame(wrapper: string, rendered: RenderFrame | null): RGBFrame {
  const frame = Array.isArray(rendered) ? rendered.at(-1) : rendered
  if (typeof frame === 'object' && frame !== null && frame.data?.length === 3 * frame.width * frame.height) return frame
  throw new EnvError('ENVS_CHECK_FAILED', `${wrapper} needs render() to give { width, height, data }, got ${shown(frame)}`)
}
