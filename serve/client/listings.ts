import type { InputType } from '../containers/element-types.js'
import type { ApplicationRecord } from '../state/state.js'
import { isObject, type Read } from './transport.js'

/** A model version as the server lists it. */
export interface ListedModel {
  readonly name: string
  readonly version: string
  /** The version that answers queries which name none. */
  readonly current: boolean
  readonly kind: string
  readonly inputType: InputType
  /** Elements of one input; null where each has its own length. */
  readonly inputSize: number | null
  readonly replicas: number
  readonly isolation: string
  readonly environmentId: string | undefined
  readonly algorithm: string | undefined
}

/** A container as the server lists it. */
export interface ListedContainer {
  /** `name:version`. */
  readonly model: string
  /** Counted from 0. */
  readonly replica: number
  readonly ready: boolean
  /** The operating system's process, where it has one of its own and runs. */
  readonly pid: number | undefined
  readonly restarts: number
  /** The most inputs that its next batch may have. */
  readonly maxBatch: number
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined)

export function readModel(answer: unknown): ListedModel | undefined {
  if (!isObject(answer)) return undefined
  const { model_name: name, model_version: version, is_current_version: current, replicas, isolation, environment_id, algorithm } = answer
  const { kind = 'policy', input_type: inputType, input_size: inputSize } = answer
  if (typeof name !== 'string' || typeof version !== 'string' || typeof current !== 'boolean') return undefined
  if (typeof replicas !== 'number' || typeof isolation !== 'string' || typeof kind !== 'string') return undefined
  if (typeof inputType !== 'string' || (typeof inputSize !== 'number' && inputSize !== null)) return undefined
  const taken = { kind, inputType: inputType as InputType, inputSize }
  return { name, version, current, ...taken, replicas, isolation, environmentId: text(environment_id), algorithm: text(algorithm) }
}

export function readContainer(answer: unknown): ListedContainer | undefined {
  if (!isObject(answer)) return undefined
  const { model_id: model, replica, ready, pid, restarts, max_batch: maxBatch } = answer
  if (typeof model !== 'string' || typeof ready !== 'boolean') return undefined
  if (typeof replica !== 'number' || typeof restarts !== 'number' || typeof maxBatch !== 'number') return undefined
  return { model, replica, ready, pid: typeof pid === 'number' ? pid : undefined, restarts, maxBatch }
}

export function readApplication(answer: unknown): ApplicationRecord | undefined {
  if (!isObject(answer)) return undefined
  const { name, input_type, default_output, latency_slo_micros: micros, selection, confidence_threshold, reward_range, overload } = answer
  const { linked_models: models } = answer
  if (typeof name !== 'string' || typeof micros !== 'number' || !Array.isArray(models)) return undefined
  return {
    name,
    inputType: input_type as InputType,
    defaultOutput: default_output as ApplicationRecord['defaultOutput'],
    sloMs: micros / 1000,
    selection: selection as ApplicationRecord['selection'],
    confidenceThreshold: confidence_threshold as number,
    rewardRange: reward_range as [number, number],
    overload: overload as ApplicationRecord['overload'],
    models: models as string[],
  }
}

/** A list of what `read` reads; undefined where one of it is something else. */
export function listOf<T>(read: Read<T>): Read<T[]> {
  return (answer) => {
    if (!Array.isArray(answer)) return undefined
    const entries = answer.map(read)
    return entries.every((entry) => entry !== undefined) ? entries : undefined
  }
}
