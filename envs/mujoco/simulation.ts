/**
 * A MuJoCo model with its data, seen through arrays over the WebAssembly memory. A getter of the bindings makes a new array each time
 * (355 ns), so the arrays are kept; when the memory grows they lose their buffer, and are fetched again.
 */
import type { MainModule, MjData, MjModel } from '@mujoco/mujoco'
import { EnvError, InvalidAction, InvalidKwargs } from '../errors.js'
import { shown } from '../shown.js'
import { invalidState, type SavedObject } from '../state.js'
import { mujoco } from './load.js'

/** The arrays of mjData that observations, rewards and drawings are made of. */
const READ = [
  'qpos',
  'qvel',
  'ctrl',
  'xpos',
  'xipos',
  'site_xpos',
  'subtree_com',
  'cinert',
  'cvel',
  'cfrc_ext',
  'qfrc_actuator',
  'qfrc_constraint',
  'ten_length',
  'ten_velocity',
  'geom_xpos',
  'geom_xmat',
  'cam_xpos',
  'cam_xmat',
] as const

export type Arrays = Record<(typeof READ)[number], Float64Array>

/** Frees the memory of simulations that were dropped without `close`. */
const dropped = new FinalizationRegistry<{ delete(): void }[]>((handles) => {
  for (const handle of handles) handle.delete()
})

export class Simulation {
  readonly model: MjModel
  readonly #data: MjData
  readonly #engine: MainModule
  readonly #stateSpec: number
  #arrays: Arrays
  #open = true

  /** @param mjcf the model as text @throws InvalidKwargs with MuJoCo's words when it is no model */
  constructor(mjcf: string) {
    this.#engine = mujoco()
    try {
      this.model = this.#engine.MjModel.from_xml_string(mjcf)
    } catch (cause) {
      throw new InvalidKwargs(`MuJoCo cannot read the model: ${wordsOf(cause)}`)
    }
    this.#data = new this.#engine.MjData(this.model)
    this.#stateSpec = this.#engine.mjtState.mjSTATE_INTEGRATION.value
    dropped.register(this, [this.#data, this.model], this)
    this.#arrays = this.#fetch()
  }

  /** mjData's arrays. Valid until the next call of a method here. @throws EnvError (ENVS_CLOSED) */
  get arrays(): Arrays {
    if (!this.#open) throw closed()
    // An array whose buffer is gone has no length; asking for the buffer itself would cost 2 µs.
    if (this.#arrays.qpos.length === 0) this.#arrays = this.#fetch()
    return this.#arrays
  }

  get data(): MjData {
    return this.#data
  }

  #fetch(): Arrays {
    const arrays = {} as Arrays
    for (const name of READ) arrays[name] = this.#data[name]
    return arrays
  }

  /** Applies controls for `frames` steps, then computes the contact forces on each body (cfrc_ext). @throws InvalidAction */
  step(controls: ArrayLike<number>, frames: number): void {
    const { ctrl } = this.arrays
    if (controls?.length !== ctrl.length) throw new InvalidAction(`an action is ${ctrl.length} numbers, got ${shown(controls)}`)
    for (let i = 0; i < ctrl.length; i++) {
      const value = controls[i]!
      if (!(typeof value === 'number' && value - value === 0)) {
        throw new InvalidAction(`an action is ${ctrl.length} finite numbers, got ${shown(value)} at index ${i}`)
      }
      ctrl[i] = value
    }
    const engine = this.#engine
    for (let frame = 0; frame < frames; frame++) engine.mj_step(this.model, this.#data)
    engine.mj_rnePostConstraint(this.model, this.#data)
  }

  /** Back to the start, with these positions and velocities; all that follows from them is computed. */
  reset(qpos: Float64Array, qvel: Float64Array): void {
    if (!this.#open) throw closed()
    this.#engine.mj_resetData(this.model, this.#data)
    this.setState(qpos, qvel)
  }

  /** Other positions and velocities at the same time; all that follows from them is computed. */
  setState(qpos: ArrayLike<number>, qvel: ArrayLike<number>): void {
    const { arrays } = this
    arrays.qpos.set(qpos)
    arrays.qvel.set(qvel)
    this.#engine.mj_forward(this.model, this.#data)
  }

  /** The number of a named body. @throws InvalidKwargs */
  bodyId(name: string): number {
    const id = this.#engine.mj_name2id(this.model, this.#engine.mjtObj.mjOBJ_BODY.value, name)
    if (id < 0) throw new InvalidKwargs(`the model has no body ${shown(name)}`)
    return id
  }

  /** The number of a named camera, −1 where there is none. */
  cameraId(name: string): number {
    return this.#engine.mj_name2id(this.model, this.#engine.mjtObj.mjOBJ_CAMERA.value, name)
  }

  /**
   * All from which the simulation goes on exactly, and the arrays that are read before the next step: those belong to the state
   * before the last integration, so they cannot be computed from it.
   */
  save(): SavedObject {
    if (!this.#open) throw closed()
    const size = this.#engine.mj_stateSize(this.model, this.#stateSpec)
    const integration = new this.#engine.DoubleBuffer(size)
    try {
      this.#engine.mj_getState(this.model, this.#data, integration, this.#stateSpec)
      const saved: SavedObject = { integration: Array.from(integration.GetView() as Float64Array) }
      const { arrays } = this
      for (const name of READ) if (name !== 'qpos' && name !== 'qvel' && name !== 'ctrl') saved[name] = Array.from(arrays[name])
      return saved
    } finally {
      integration.delete()
    }
  }

  /** @throws EnvError (ENVS_INVALID_STATE) */
  load(saved: SavedObject): void {
    if (!this.#open) throw closed()
    const size = this.#engine.mj_stateSize(this.model, this.#stateSpec)
    const list = (name: string, length: number): number[] => {
      const values = saved[name]
      if (Array.isArray(values) && values.length === length && values.every((value) => typeof value === 'number')) return values
      throw invalidState(`${name} of a saved state is a list of ${length} numbers, got ${shown(values)}`)
    }
    const integration = list('integration', size)
    const { arrays } = this
    const derived = READ.filter((name) => name in saved).map((name) => [name, list(name, arrays[name].length)] as const)
    this.#engine.mj_setState(this.model, this.#data, integration, this.#stateSpec)
    for (const [name, values] of derived) this.arrays[name].set(values)
  }

  /** Frees the memory; the simulation cannot be used after that. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    dropped.unregister(this)
    this.#data.delete()
    this.model.delete()
  }
}

function closed(): EnvError {
  return new EnvError('ENVS_CLOSED', 'the environment was closed and its memory freed; make another')
}

/** MuJoCo's errors are exceptions of C++, of which only the message is of use. */
function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
