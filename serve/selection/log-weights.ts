import { FIELDS, type Standing } from './selection.js'

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
 * bad for a day would need another day of being good before it is heard again. (The floor is kept where the sums are, `taught` in
 * state/sums.ts: several frontends that each lifted an arm would lift it too far.)
 */
export const WIDEST_GAP = 6
