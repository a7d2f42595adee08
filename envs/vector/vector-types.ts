/** What several environments that step together are given, and give. */
import type { Seed } from '../seeding.js'
import type { Space } from '../spaces/index.js'
import type { AutoresetMode } from './vector-env.js'

/** What one environment's info has under a key is an array over environments here, and `_key` says with 1 which of them have it. */
export type VectorInfos<Obs = unknown> = { finalObs?: Obs; _finalObs?: Uint8Array; [key: string]: unknown }

/** N numbers or N rows of them; of a space of others, a batch built as the space is. */
export type VectorActions = ArrayLike<number> | readonly unknown[] | Readonly<Record<string, unknown>>

export type VectorStep<Obs> = [
  observations: Obs,
  rewards: Float64Array | Float32Array,
  terminated: Uint8Array,
  truncated: Uint8Array,
  infos: VectorInfos<Obs>,
]

/**
 * Where the observations are to be written instead of the environment's own buffer: `out[offset …]`, N × dim numbers. A collector keeps
 * one of these, sets `offset` before each step, and finds the observations in its own columns; the first element of the result is `out`.
 */
export interface ObservationTarget<Obs> {
  out: Obs
  /** In elements; 0 unless told. */
  offset?: number
}

export interface VectorResetOptions<Obs> extends Partial<ObservationTarget<Obs>> {
  /** Environment i gets seed + i, or its own of a list; null as no seed: the stream goes on. */
  seed?: Seed | null | readonly (Seed | null)[]
  /** For the environments' `reset`. `resetMask` (1 or true a row to reset) leaves the others as they are. */
  options?: Record<string, unknown> & { resetMask?: ArrayLike<number | boolean> }
}

/** All that `setState` needs. JSON-able if the members' own states are. */
export interface VectorEnvState {
  kind: string
  numEnvs: number
  own: Record<string, unknown>
}

export interface VectorEnvSettings {
  numEnvs: number
  singleObservationSpace: Space<unknown>
  singleActionSpace: Space<unknown>
  /** Batches of the single ones unless given. */
  observationSpace?: Space<unknown>
  actionSpace?: Space<unknown>
  autoresetMode: AutoresetMode
  copy: boolean
  /** Float64Array unless the environment follows one of Gymnasium's with float32 rewards. */
  rewards?: Float64Array | Float32Array
  /** Arrays to write to, such as those that threads share; own ones unless given. */
  arrays?: VectorArrays
}

export interface VectorArrays {
  observations: unknown
  rewards: Float64Array | Float32Array
  terminated: Uint8Array
  truncated: Uint8Array
  ended: Uint8Array
  /** With 'same-step'. */
  finalObs: unknown
  finalMask: Uint8Array
}
