import { InvalidKwargs } from '../errors.js'
import { checkKwargs, checkOptionsObject } from '../kwargs.js'
import { shown } from '../shown.js'

/** From, to. */
export type Range = readonly [low: number, high: number]

/** How a free camera looks at the scene; what is missing is MuJoCo's default. Angles in degrees, lengths in metres. */
export interface CameraConfig {
  /** The body that the camera keeps at the centre, −1 for none. */
  trackbodyid?: number
  distance?: number
  azimuth?: number
  elevation?: number
  lookat?: readonly [number, number, number]
}

/** The options that all MuJoCo environments have. */
export interface MujocoOptions {
  /** Another model: MJCF as text, or in Node the path of a file. */
  xmlFile?: string
  /** Simulation steps an environment step. */
  frameSkip?: number
  defaultCameraConfig?: CameraConfig | null
  /** Of the picture, pixels. */
  width?: number
  height?: number
  /** A camera of the model to look through, by number or by name; the free camera unless told. */
  cameraId?: number | null
  cameraName?: string | null
  /** No more shapes than so many are drawn. */
  maxGeom?: number
  /** Flags of Gymnasium's OpenGL renderer, which this one does not have: null. */
  visualOptions?: null
  renderMode?: string | null
}

const COMMON = {
  xmlFile: '',
  frameSkip: 1,
  defaultCameraConfig: null as CameraConfig | null,
  width: 480,
  height: 480,
  cameraId: null as number | null,
  cameraName: null as string | null,
  maxGeom: 1000,
  visualOptions: null,
  renderMode: null as string | null,
}

export type Settings<T> = typeof COMMON & T

/**
 * The options given, over an environment's own defaults, over those of all. Each must be of its default's kind: a number, a boolean, a
 * pair of numbers with the lower first.
 *
 * @throws InvalidKwargs
 */
export function settingsOf<T extends object>(env: string, own: T, given: object): Settings<T> {
  const defaults: Record<string, unknown> = { ...COMMON, ...own }
  checkKwargs(env, given, Object.keys(defaults))
  const refuse = (name: string, value: unknown, expected: string): never => {
    throw new InvalidKwargs(`${name} of ${env} is ${expected}, got ${shown(value)}`)
  }
  const settings: Record<string, unknown> = { ...defaults }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const usual = defaults[name]
    if (name === 'visualOptions' && value !== null) refuse(name, value, "null: flags of OpenGL's renderer are not there")
    if (name === 'cameraId' && value !== null && !Number.isInteger(value))
      refuse(name, value, 'the number of a camera of the model, or null')
    if (name === 'cameraName' && value !== null && typeof value !== 'string')
      refuse(name, value, 'the name of a camera of the model, or null')
    if (name === 'defaultCameraConfig' && value !== null) checkCamera(env, value)
    if (name === 'mainBody' && typeof value !== 'string' && typeof value !== 'number')
      refuse(name, value, 'the number or the name of a body')
    if (typeof usual === 'number' && name !== 'mainBody' && !(typeof value === 'number' && !Number.isNaN(value)))
      refuse(name, value, 'a number')
    if (typeof usual === 'boolean' && typeof value !== 'boolean') refuse(name, value, 'true or false')
    if (typeof usual === 'string' && typeof value !== 'string') refuse(name, value, 'text')
    if (Array.isArray(usual) && !isRange(value)) refuse(name, value, 'a pair [low, high] of numbers')
    settings[name] = value
  }
  for (const name of ['frameSkip', 'width', 'height', 'maxGeom']) {
    if (!Number.isInteger(settings[name]) || (settings[name] as number) < 1) refuse(name, settings[name], 'a positive integer')
  }
  if (settings.cameraId !== null && settings.cameraName !== null) {
    throw new InvalidKwargs(`${env} takes cameraId or cameraName, not both; leave one out`)
  }
  return settings as Settings<T>
}

const CAMERA = ['trackbodyid', 'distance', 'azimuth', 'elevation', 'lookat']

function checkCamera(env: string, config: unknown): void {
  checkOptionsObject(`defaultCameraConfig of ${env}`, config)
  checkKwargs('a camera', config as object, CAMERA)
  for (const [name, value] of Object.entries(config as object)) {
    const isNumber = typeof value === 'number' && Number.isFinite(value)
    const isPoint = Array.isArray(value) && value.length === 3 && value.every(Number.isFinite)
    if (name === 'lookat' ? !isPoint : !isNumber)
      throw new InvalidKwargs(`${name} of the camera is ${name === 'lookat' ? 'three numbers' : 'a number'}, got ${shown(value)}`)
  }
}

function isRange(value: unknown): value is Range {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'number' && typeof value[1] === 'number' && value[0] <= value[1]
}
