import type { Info } from '../env.js'
import { MujocoEnv, put, unbounded } from './mujoco-env.js'
import type { Settings } from './options.js'
import type { Arrays } from './simulation.js'

export interface HumanoidSettings {
  resetNoiseScale: number
  excludeCurrentPositionsFromObservation: boolean
  includeCinertInObservation: boolean
  includeCvelInObservation: boolean
  includeQfrcActuatorInObservation: boolean
  includeCfrcExtInObservation: boolean
}

/** What both humanoids share: 17 joints on a free torso, observed with inertias, velocities and forces of each body. */
export abstract class HumanoidBase extends MujocoEnv {
  override readonly observationSpace
  readonly #noise: number
  readonly #skipped: number
  /** Arrays that are observed beside positions and velocities, each without its first numbers (the world's, or the root joint's). */
  readonly #parts: [name: keyof Arrays, from: number][]

  protected constructor(mjcf: string, settings: Settings<HumanoidSettings>) {
    super(mjcf, settings)
    this.#noise = settings.resetNoiseScale
    this.#skipped = settings.excludeCurrentPositionsFromObservation ? 2 : 0
    const parts: [boolean, keyof Arrays, number][] = [
      [settings.includeCinertInObservation, 'cinert', 10],
      [settings.includeCvelInObservation, 'cvel', 6],
      [settings.includeQfrcActuatorInObservation, 'qfrc_actuator', 6],
      [settings.includeCfrcExtInObservation, 'cfrc_ext', 6],
    ]
    this.#parts = parts.flatMap(([included, name, from]): [keyof Arrays, number][] => (included ? [[name, from]] : []))
    this.observationSpace = unbounded(this.#size())
  }

  #size(): number {
    const { arrays } = this.simulation
    const bare = arrays.qpos.length + arrays.qvel.length - this.#skipped
    return this.#parts.reduce((size, [name, from]) => size + arrays[name].length - from, bare)
  }

  protected override drawState(): [Float64Array, Float64Array] {
    return [this.uniformAround(this.initQpos, this.#noise), this.uniformAround(this.initQvel, this.#noise)]
  }

  protected override observe(): Float64Array {
    const { arrays } = this.simulation
    const observation = new Float64Array(this.#size())
    let at = put(observation, put(observation, 0, arrays.qpos, this.#skipped), arrays.qvel)
    for (const [name, from] of this.#parts) at = put(observation, at, arrays[name], from)
    return observation
  }

  protected tendons(): Info {
    const { ten_length: lengths, ten_velocity: velocities } = this.simulation.arrays
    return { tendonLength: lengths.slice(), tendonVelocity: velocities.slice() }
  }
}
