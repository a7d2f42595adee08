import type { Prediction } from '../query/prediction.js'
import type { Json } from '../state/state.js'
import type { Combined } from './selection.js'

/**
 * One output of several. Whole numbers and words are votes: the output with the largest share of the weight wins, and that share is the
 * confidence (Clipper, section 5.2.1: how far the members agree). Arrays of numbers are averaged by weight, and the confidence is
 * 1 / (1 + variance), the members' weighted variance, averaged over the output's numbers.
 *
 * The weight of members that have not answered counts against the confidence: what they would have said is not known (section 5.2.2).
 *
 * @param weights shares of the members in `predictions[first …]`; they sum to 1
 */
export function combineWeighted(
  weights: readonly number[],
  predictions: readonly (Prediction | undefined)[],
  first: number,
): Combined | undefined {
  let heard = 0
  let sample: Prediction | undefined
  for (let member = 0; member < weights.length; member++) {
    const prediction = predictions[first + member]
    if (prediction === undefined) continue
    sample ??= prediction
    heard += weights[member]!
  }
  if (sample === undefined) return undefined
  return isVector(sample.output) ? mean(weights, predictions, first, heard) : vote(weights, predictions, first)
}

/** Empty ones are votes: there is nothing to average. */
export const isVector = (output: Json): output is readonly number[] =>
  Array.isArray(output) && output.length > 0 && output.every((value) => typeof value === 'number')

function vote(weights: readonly number[], predictions: readonly (Prediction | undefined)[], first: number): Combined {
  const votes = new Map<string, number>()
  for (let member = 0; member < weights.length; member++) {
    const prediction = predictions[first + member]
    if (prediction !== undefined) votes.set(prediction.json, (votes.get(prediction.json) ?? 0) + weights[member]!)
  }
  let best: Combined = { json: '', confidence: -1 }
  for (const [json, confidence] of votes) if (confidence > best.confidence) best = { json, confidence }
  return best
}

function mean(weights: readonly number[], predictions: readonly (Prediction | undefined)[], first: number, heard: number): Combined {
  let sum: number[] = []
  let squares = 0
  for (let member = 0; member < weights.length; member++) {
    const output = predictions[first + member]?.output
    if (output === undefined || !isVector(output)) continue
    const share = weights[member]! / heard
    if (sum.length === 0) sum = new Array<number>(output.length).fill(0)
    // Vectors of several lengths have no mean: the first one's counts.
    if (output.length !== sum.length) continue
    for (let i = 0; i < sum.length; i++) {
      sum[i]! += share * output[i]!
      squares += share * output[i]! * output[i]!
    }
  }
  const variance = Math.max(0, squares - sum.reduce((all, one) => all + one * one, 0)) / Math.max(1, sum.length)
  return { json: JSON.stringify(sum), confidence: heard / (1 + variance) }
}
