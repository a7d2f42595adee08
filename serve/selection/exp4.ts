import { combineWeighted } from './combine.js'
import { shares, WIDEST_GAP } from './log-weights.js'
import type { Increment, SelectionPolicy } from './selection.js'

export interface Exp4Options {
  /** η, how far one loss moves a weight; default 0.1. */
  readonly learningRate: number
}

/**
 * Exp4 (Auer et al., 2002) as Clipper has it: every arm is asked, their answers are combined by weight, and feedback multiplies each
 * one's weight by exp(−η loss). As all are heard nothing needs to be explored.
 */
export function exp4({ learningRate }: Exp4Options): SelectionPolicy {
  return {
    learns: true,
    widestGap: WIDEST_GAP,
    select: (_standing, arms) => ({ arms: arms.map((_, arm) => arm), probability: 1 }),
    combine: (standing, chosen, predictions, first) => combineWeighted(shares(standing, chosen), predictions, first),
    weights: (standing, arms) =>
      shares(
        standing,
        arms.map((_, arm) => arm),
      ),
    observe(_standing, { arms }, losses) {
      const drops: Increment[] = []
      for (const [i, arm] of arms.entries()) {
        const loss = losses[i]
        if (loss !== undefined) drops.push({ arm, field: 0, by: -learningRate * loss })
      }
      return drops
    },
  }
}
