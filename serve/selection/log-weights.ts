import { FIELDS, type Increment, type Standing } from './selection.js'

/**
 * Chances in proportion to exp(log-weight). Only differences count, and the largest is taken away first: weights themselves would
 * underflow after some thousand losses (Exp3's and Exp4's common trouble).
 */
export function shares(standing: Standing, arms: readonly number[]): number[] {
  let most = -Infinity
  for (const arm of arms) most = Math.max(most, standing[arm * FIELDS]!)
  const weights = arms.map((arm) => Math.exp(standing[arm * FIELDS]! - most))
  const sum = weights.reduce((all, one) => all + one, 0)
  return weights.map((weight) => weight / sum)
}

/**
 * No arm's log-weight stays further than this below the best one's: e⁻⁶ is 1 in 400, as good as never. Without a floor an arm that was
 * bad for a day would need another day of being good before it is heard again.
 */
const WIDEST_GAP = 6

/** What multiplying weights by exp(−loss) adds, and what lifts those that would fall below the floor. */
export function weighted(standing: Standing, arms: number, losses: readonly Increment[]): Increment[] {
  const after = Array.from({ length: arms }, (_, arm) => standing[arm * FIELDS]!)
  for (const { arm, by } of losses) after[arm]! += by
  const floor = Math.max(...after) - WIDEST_GAP
  const lifted: Increment[] = []
  for (let arm = 0; arm < arms; arm++) {
    const by = Math.max(after[arm]!, floor) - standing[arm * FIELDS]!
    if (by !== 0) lifted.push({ arm, field: 0, by })
  }
  return lifted
}
