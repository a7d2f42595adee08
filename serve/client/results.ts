import type { FeedbackResult } from '../query/feedback.js'
import { isObject, type Json, type Read } from './transport.js'

/** The answer to one query. */
export interface PredictResult<Output = unknown> {
  /** A number for a Discrete action, an array for a Box action; whatever the application's default is when `default`. */
  readonly output: Output
  readonly queryId: number
  /** True when no prediction was there in time; then `defaultExplanation` says why. */
  readonly default: boolean
  readonly defaultExplanation?: string
  /** How sure the models are, 0 to 1: how far they agree. 1 where one answers alone, 0 where none answered. */
  readonly confidence: number
  /** False where the default was given, be it that no prediction was there or that the models were not sure enough. */
  readonly confident: boolean
}

/** A model version that was put live. */
export interface Published {
  readonly name: string
  readonly version: string
  readonly environmentId: string | undefined
}

export function readPrediction<Output = unknown>(answer: unknown): PredictResult<Output> | undefined {
  if (!isObject(answer)) return undefined
  const { output, query_id: queryId, default: isDefault, default_explanation: why } = answer
  if (output === undefined || typeof queryId !== 'number' || typeof isDefault !== 'boolean') return undefined
  const { confidence = isDefault ? 0 : 1 } = answer
  if (typeof confidence !== 'number') return undefined
  const result = { output: output as Output, queryId, default: isDefault, confidence, confident: !isDefault }
  return typeof why === 'string' ? { ...result, defaultExplanation: why } : result
}

export function readBatch<Output = unknown>(size: number): Read<PredictResult<Output>[]> {
  return (answer) => {
    const answers = isObject(answer) ? answer.batch_predictions : undefined
    if (!Array.isArray(answers) || answers.length !== size) return undefined
    const results = answers.map(readPrediction<Output>)
    return results.every((result) => result !== undefined) ? results : undefined
  }
}

export function readFeedback(answer: unknown): FeedbackResult | undefined {
  const { accepted, reason } = isObject(answer) ? answer : {}
  if (typeof accepted !== 'boolean') return undefined
  return typeof reason === 'string' ? { accepted, reason } : { accepted }
}

export function readPublished(answer: unknown): Published | undefined {
  const { model_name: name, model_version: version, environment_id }: Json = isObject(answer) ? answer : {}
  if (typeof name !== 'string' || typeof version !== 'string') return undefined
  return { name, version, environmentId: typeof environment_id === 'string' ? environment_id : undefined }
}
