/**
 * A checkpoint: everything that a run needs to go on with the same numbers, as one safetensors file. Large arrays are tensors; the
 * algorithm's own state is one more, as V8 serialises it, since environments may keep more than JSON can say. Checkpoints are read back
 * only by the program that wrote them, from its own run folder.
 */
import { deserialize, serialize } from 'node:v8'
import { LearningError } from '../errors.js'
import { CHECKPOINT_KEY, decodeSafetensors, encodeSafetensors, type Tensor, type TensorData } from '../policy/safetensors.js'

/** What can be cloned structurally, and large arrays by name. */
export interface AgentState {
  readonly own: unknown
  readonly tensors: Readonly<Record<string, TensorData>>
}

export interface Episode {
  readonly return: number
  readonly length: number
}

/** What a checkpoint says besides the state. */
export interface Progressed {
  readonly steps: number
  readonly updates: number
  /** The last training episodes, for their mean return. */
  readonly recent: readonly Episode[]
  /** The run ended because its `stopAtReturn` was reached. */
  readonly solved: boolean
  /** What the state belongs to: algorithm, environment, seed and hyperparameters as JSON. */
  readonly identity: string
}

export interface Checkpoint {
  readonly progressed: Progressed
  readonly state: AgentState
}

const VERSION = 1
const OWN = 'own'

export function encodeCheckpoint({ progressed, state }: Checkpoint): Uint8Array {
  const all = Object.entries({ ...state.tensors, [OWN]: new Uint8Array(serialize(state.own)) })
  const tensors = all.map(([name, data]): Tensor => ({ name, shape: [data.length], data }))
  return encodeSafetensors(tensors, { [CHECKPOINT_KEY]: JSON.stringify({ version: VERSION, ...progressed }) })
}

/** @throws LearningError `RL_RUN_INVALID` */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  try {
    const { metadata, tensors } = decodeSafetensors(bytes)
    const { version, ...progressed }: { version?: number } & Progressed = JSON.parse(metadata[CHECKPOINT_KEY] ?? '{}')
    if (version !== VERSION) throw new Error(`it has version ${version}; expected ${VERSION}`)
    const { [OWN]: own, ...rest } = Object.fromEntries(Array.from(tensors.values(), ({ name, data }) => [name, data]))
    return { progressed, state: { own: deserialize(own as Uint8Array), tensors: rest } }
  } catch (cause) {
    throw new LearningError('RL_RUN_INVALID', `the checkpoint cannot be read: ${(cause as Error).message}`, { cause })
  }
}
