import { checkOptions, refuse } from '../refusals.js'
import { AimdController } from './aimd.js'
import type { BatchController } from './controller.js'
import { FixedController } from './fixed.js'
import { QuantileController } from './quantile.js'

const POLICIES = ['aimd', 'quantile', 'fixed', 'none'] as const
type BatchingPolicy = (typeof POLICIES)[number]

/** How a model's queries are put together. */
export interface BatchingOptions {
  /** 'aimd' (default) and 'quantile' find the largest batch that keeps the objective; 'fixed' takes `size`, 'none' one at a time. */
  policy?: BatchingPolicy
  /** Of 'fixed': the most items in a batch. */
  size?: number
  /** The most items in a batch, whatever the policy finds; default 4096. */
  maxBatch?: number
  /**
   * How long a batch that is not full waits for more (Clipper, section 4.3.2: delayed batching), milliseconds; default 0. Pays off where
   * a batch costs the model about as much as one input; every query is later by as much.
   */
  waitMs?: number
  /** The most inputs that wait for a batch; what comes when there are as many gets the default at once. Default 65,536. */
  maxQueued?: number
}

/** As kept with the model. */
export type Batching = Readonly<Required<Omit<BatchingOptions, 'size'>> & { size?: number }>

/** Frames stay small enough to be read in one go, whatever the objective allows. */
export const LARGEST_BATCH = 4096
const MOST_QUEUED = 65_536
const LONGEST_WAIT_MS = 10_000

const isCount = (value: unknown, most: number) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most

/** @throws ServeError `SERVE_OPTION` */
export function checkBatching(given: BatchingPolicy | BatchingOptions = 'aimd'): Batching {
  const options = typeof given === 'string' ? { policy: given } : given
  const known = ['policy', 'size', 'maxBatch', 'waitMs', 'maxQueued'] as const
  const {
    policy = 'aimd',
    size,
    maxBatch = LARGEST_BATCH,
    waitMs = 0,
    maxQueued = MOST_QUEUED,
  } = checkOptions<BatchingOptions>('batching', options, known)
  if (!POLICIES.includes(policy)) refuse('batching.policy', policy, POLICIES.join(', '))
  if (policy === 'fixed' ? !isCount(size, LARGEST_BATCH) : size !== undefined)
    refuse('batching.size', size, policy === 'fixed' ? `1 to ${LARGEST_BATCH}` : `none with policy "${policy}"; it belongs to "fixed"`)
  if (!isCount(maxBatch, LARGEST_BATCH)) refuse('batching.maxBatch', maxBatch, `1 to ${LARGEST_BATCH}`)
  if (!isCount(maxQueued, Number.MAX_SAFE_INTEGER)) refuse('batching.maxQueued', maxQueued, 'a whole number, at least 1')
  const fits = typeof waitMs === 'number' && waitMs >= 0 && waitMs <= LONGEST_WAIT_MS
  if (!fits) refuse('batching.waitMs', waitMs, `milliseconds from 0 to ${LONGEST_WAIT_MS}`)
  return size === undefined ? { policy, maxBatch, waitMs, maxQueued } : { policy, size, maxBatch, waitMs, maxQueued }
}

/** One replica's controller. @param objectiveMs latency that a batch should stay under */
export function batchController({ policy, size, maxBatch }: Batching, objectiveMs: number): BatchController {
  if (policy === 'aimd') return new AimdController(objectiveMs, maxBatch)
  if (policy === 'quantile') return new QuantileController(objectiveMs, maxBatch)
  return new FixedController(policy === 'none' ? 1 : Math.min(size!, maxBatch), objectiveMs)
}
