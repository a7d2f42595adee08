import type { Prediction } from '../query/prediction.js'
import { isVector } from './combine.js'

/** A label: what the right output would have been; a class by its number or its name. */
export type Label = number | string | readonly number[]

/**
 * How wrong a prediction is, 0 to 1: for a class or an action (a number or a word) 0 where it equals the label, else 1, as in Clipper
 * (NSDI'17, section 5.1); for arrays the mean absolute difference, cut off at 1. Undefined where the two cannot be compared.
 */
export function lossOfLabel({ output }: Prediction, label: Label): number | undefined {
  if (typeof output === 'number' || typeof output === 'string') {
    return typeof label === typeof output ? (output === label ? 0 : 1) : undefined
  }
  if (!isVector(output) || typeof label === 'string') return undefined
  const right = typeof label === 'number' ? [label] : label
  if (right.length !== output.length) return undefined
  let sum = 0
  for (let i = 0; i < right.length; i++) sum += Math.abs(output[i]! - right[i]!)
  return Math.min(1, sum / right.length)
}

/**
 * What a reward says about each member. Members that said what was answered share its loss. About the others it says nothing, except
 * where the answer is a mean, of which each is a part.
 * @param loss 0 (the best) to 1 @param answered the output that was given, as JSON
 */
export function lossesOfReward(predictions: readonly (Prediction | undefined)[], answered: string, loss: number): (number | undefined)[] {
  return predictions.map((prediction) => {
    if (prediction === undefined) return undefined
    return isVector(prediction.output) || prediction.json === answered ? loss : undefined
  })
}
