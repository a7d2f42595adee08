/** The areas of a batch of environments in memory: TypeScript's side of assembly/batch.ts. */
import { Box, Discrete, type DtypeArray } from '../spaces/index.js'
import type { NativeTask } from './native-vector-env.js'

/** The words of a `Batch`, in its order. */
export const BATCH_FIELDS = [
  'n',
  'mode',
  'limit',
  'flags',
  'rowBytes',
  'columnBytes',
  'choices',
  'resetCount',
  'resetting',
  'actions',
  'observations',
  'rewards',
  'terminated',
  'truncated',
  'ended',
  'finalObservations',
  'finalMask',
  'mask',
  'states',
  'steps',
  'streams',
  'params',
  'table',
  'extra',
  'probabilities',
  'finalProbabilities',
  'actionMasks',
  'finalActionMasks',
] as const

const NUMBERS = ['n', 'mode', 'limit', 'flags', 'rowBytes', 'columnBytes', 'choices', 'resetCount'] as const

/** What lies in memory: all that the batch points to, and the batch itself. */
export type BatchArea = Exclude<(typeof BATCH_FIELDS)[number], (typeof NUMBERS)[number]> | 'batch'

export const FLAGS = { oneStream: 1, float32Rewards: 2 } as const
/** 32-bit words of a PCG64. */
export const STREAM_WORDS = 12
/** Environments that a kernel moves at once; columns are filled up to a multiple. */
const LANES = 4
/** The two intervals before a task's own parameters. */
const OWN_PARAMS = 4

const padded = (numEnvs: number) => Math.ceil(numEnvs / LANES) * LANES
const observationNumbers = ({ observationSpace }: NativeTask) => observationSpace.shape.reduce((product, side) => product * side, 1)

/** Bytes of each area. */
export function batchBytes(numEnvs: number, task: NativeTask): Record<BatchArea, number> {
  const n = padded(numEnvs)
  const rows = n * observationNumbers(task) * 4
  return {
    batch: BATCH_FIELDS.length * 4,
    resetting: n * 4,
    actions: n * 4,
    observations: rows,
    rewards: n * 8,
    terminated: n,
    truncated: n,
    ended: n,
    finalObservations: rows,
    finalMask: n,
    mask: n,
    states: n * task.stateColumns * 8,
    steps: n * 4,
    streams: n * STREAM_WORDS * 4,
    params: (OWN_PARAMS + task.params.length) * 8,
    table: task.table?.length ?? 0,
    extra: n * (task.extraBytes ?? 0),
    probabilities: task.tellsProbability ? n * 8 : 0,
    finalProbabilities: task.tellsProbability ? n * 8 : 0,
    actionMasks: n * (task.maskedActions ?? 0),
    finalActionMasks: n * (task.maskedActions ?? 0),
  }
}

/** The areas as arrays of N, without what fills the columns up; states have all of it (`stride` a column). */
export function viewsOf(buffer: ArrayBuffer, address: Readonly<Record<BatchArea, number>>, numEnvs: number, task: NativeTask) {
  const Rows = task.observationSpace instanceof Box ? Float32Array : Int32Array
  const numbers = numEnvs * observationNumbers(task)
  const bytes = (area: BatchArea, length = numEnvs) => new Uint8Array(buffer, address[area], length)
  const signed = (area: BatchArea, length: number) => new Int8Array(buffer, address[area], length)
  const doubles = (area: BatchArea, length: number) => new Float64Array(buffer, address[area], length)
  const stride = padded(numEnvs)
  const Actions = task.actionSpace instanceof Discrete ? Int32Array : Float32Array
  const probabilities = task.tellsProbability ? numEnvs : 0
  return {
    stride,
    batch: new Uint32Array(buffer, address.batch, BATCH_FIELDS.length),
    actions: new Actions(buffer, address.actions, numEnvs) as Int32Array | Float32Array,
    observations: new Rows(buffer, address.observations, numbers) as DtypeArray,
    rewards: task.asGymnasium ? new Float32Array(buffer, address.rewards, numEnvs) : doubles('rewards', numEnvs),
    terminated: bytes('terminated'),
    truncated: bytes('truncated'),
    ended: bytes('ended'),
    finalObservations: new Rows(buffer, address.finalObservations, numbers) as DtypeArray,
    finalMask: bytes('finalMask'),
    mask: bytes('mask'),
    states: doubles('states', stride * task.stateColumns),
    steps: new Uint32Array(buffer, address.steps, numEnvs),
    streams: new Uint32Array(buffer, address.streams, numEnvs * STREAM_WORDS),
    params: doubles('params', OWN_PARAMS + task.params.length),
    table: bytes('table', task.table?.length ?? 0),
    extra: bytes('extra', numEnvs * (task.extraBytes ?? 0)),
    probabilities: doubles('probabilities', probabilities),
    finalProbabilities: doubles('finalProbabilities', probabilities),
    actionMasks: signed('actionMasks', numEnvs * (task.maskedActions ?? 0)),
    finalActionMasks: signed('finalActionMasks', numEnvs * (task.maskedActions ?? 0)),
  }
}
