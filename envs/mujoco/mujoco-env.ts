import { checkResetOptions, Env, type EnvMetadata, type Info, type RenderFrame, type ResetOptions, type StepResult } from '../env.js'
import { InvalidKwargs, ResetNeeded } from '../errors.js'
import type { Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import { Box } from '../spaces/index.js'
import { invalidState, isSavedObject, type SavedObject } from '../state.js'
import type { Settings } from './options.js'
import { drawingOf } from './scene.js'
import { Simulation } from './simulation.js'

/**
 * What the MuJoCo tasks share: a model stepped `frameSkip` times a step, actions that are the actuators' controls (float32, in the
 * model's control ranges; MuJoCo clips them itself), unbounded observations in float64.
 */
export abstract class MujocoEnv extends Env<Float64Array, ArrayLike<number>> {
  override readonly actionSpace: Box
  abstract override readonly observationSpace: Box<'float64'>
  override metadata: EnvMetadata
  readonly simulation: Simulation
  /** Seconds an environment step. */
  readonly dt: number
  protected readonly frameSkip: number
  protected readonly initQpos: Float64Array
  protected readonly initQvel: Float64Array
  readonly #settings: Settings<object>
  #started = false

  /** @param mjcf the task's own model, used unless `xmlFile` gives another */
  protected constructor(mjcf: string, settings: Settings<object>) {
    super()
    this.#settings = settings
    this.renderMode = settings.renderMode
    this.simulation = new Simulation(settings.xmlFile === '' ? mjcf : modelText(settings.xmlFile))
    const { model, arrays } = this.simulation
    this.frameSkip = settings.frameSkip
    this.dt = model.opt.timestep * settings.frameSkip
    this.metadata = { renderModes: ['rgb_array'], renderFps: Math.round(1 / this.dt) }
    this.initQpos = arrays.qpos.slice()
    this.initQvel = arrays.qvel.slice()
    const limits = Float32Array.from(model.actuator_ctrlrange as Float64Array)
    const side = (which: 0 | 1) => limits.filter((_, i) => i % 2 === which)
    this.actionSpace = new Box(side(0), side(1))
  }

  /** Positions and velocities of an episode's start; all draws of a reset happen here. */
  protected abstract drawState(): [qpos: Float64Array, qvel: Float64Array]
  protected abstract observe(): Float64Array
  protected resetInfo(): Info {
    return {}
  }
  /** One step with what is seen and rewarded. */
  protected abstract advance(action: ArrayLike<number>): StepResult<Float64Array>

  /** @throws InvalidKwargs for anything but { seed, options } */
  override reset(given: ResetOptions = {}): [Float64Array, Info] {
    checkResetOptions(given)
    this.seedRandom(given.seed)
    this.simulation.reset(...this.drawState())
    this.#started = true
    return [this.observe(), this.resetInfo()]
  }

  /** @throws InvalidAction for another length or what is no finite number, ResetNeeded */
  override step(action: ArrayLike<number>): StepResult<Float64Array> {
    if (!this.#started) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    return this.advance(action)
  }

  /** base + uniform noise in ±scale, coordinate by coordinate. */
  protected uniformAround(base: Float64Array, scale: number): Float64Array {
    return base.map((value) => value + this.npRandom.uniform(-scale, scale))
  }

  /** base + scale · standard normal noise. */
  protected normalAround(base: Float64Array, scale: number): Float64Array {
    return base.map((value) => value + scale * this.npRandom.standardNormal())
  }

  override render(): RenderFrame | null {
    const drawing = this.renderMode === null ? null : this.drawing()
    return drawing && rasterized(drawing)
  }

  override drawing(): Drawing | null {
    return this.#started ? drawingOf(this.simulation, this.#settings) : null
  }

  override close(): void {
    this.simulation.close()
  }

  protected override saveOwn(): SavedObject {
    return { started: this.#started, simulation: this.simulation.save() }
  }

  protected override loadOwn(own: SavedObject): void {
    if (!isSavedObject(own.simulation) || typeof own.started !== 'boolean') {
      throw invalidState('a MuJoCo state has { started, simulation }; pass what getState() gave')
    }
    this.simulation.load(own.simulation)
    this.#started = own.started
  }
}

/** Observations of so many numbers without bounds. */
export function unbounded(size: number): Box<'float64'> {
  return new Box(-Infinity, Infinity, { shape: [size], dtype: 'float64' })
}

/** Copies values[from…] into `out` at `at`, and gives back where it ended. A loop: for so few numbers `set` costs more. */
export function put(out: Float64Array, at: number, values: Float64Array, from = 0, limit = Infinity): number {
  let end = at
  for (let i = from; i < values.length; i++) {
    const value = values[i]!
    out[end++] = value > limit ? limit : value < -limit ? -limit : value
  }
  return end
}

/** @throws InvalidKwargs when the file cannot be read */
function modelText(xmlFile: string): string {
  if (xmlFile.trimStart().startsWith('<')) return xmlFile
  const node = globalThis.process?.getBuiltinModule
  if (node === undefined) throw new InvalidKwargs(`xmlFile is the text of a model here, where there are no files, got ${xmlFile}`)
  try {
    return node('node:fs').readFileSync(xmlFile, 'utf8')
  } catch (cause) {
    throw new InvalidKwargs(`xmlFile cannot be read: ${(cause as Error).message}; give the path of an MJCF file, or MJCF itself`)
  }
}
