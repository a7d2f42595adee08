import { shares, WIDEST_GAP } from './log-weights.js'
import { alone, type SelectionPolicy, type Standing } from './selection.js'

export interface Exp3Options {
  /** η, how far one loss moves a weight; default 0.1. */
  readonly learningRate: number
  /** γ, the share of queries that go to an arm at random; default 0.1. Without it the first lucky arm would keep all of them. */
  readonly exploration: number
}

/** pᵢ = (1 − γ) wᵢ / Σw + γ / K. */
function exp3Probabilities(standing: Standing, arms: number, exploration: number): number[] {
  return shares(
    standing,
    Array.from({ length: arms }, (_, arm) => arm),
  ).map((share) => (1 - exploration) * share + exploration / arms)
}

/**
 * Exp3 (Auer, Cesa-Bianchi, Freund, Schapire, 2002): one arm a query, drawn in proportion to its weight and mixed with uniform
 * exploration; feedback multiplies the arm's weight by exp(−η loss / p). Makes no assumption on how models get better or worse.
 */
export function exp3({ learningRate, exploration }: Exp3Options): SelectionPolicy {
  return {
    learns: true,
    widestGap: WIDEST_GAP,
    select(standing, arms, random) {
      const probabilities = exp3Probabilities(standing, arms.length, exploration)
      let left = random()
      let arm = 0
      while (arm < arms.length - 1 && left >= probabilities[arm]!) left -= probabilities[arm++]!
      return { arms: [arm], probability: probabilities[arm]! }
    },
    combine: (_standing, _chosen, predictions, first) => alone(predictions, first),
    weights: (standing, arms) =>
      shares(
        standing,
        arms.map((_, arm) => arm),
      ),
    observe(_standing, { arms: [arm], probability }, [loss]) {
      if (arm === undefined || loss === undefined) return []
      return [{ arm, field: 0, by: (-learningRate * loss) / probability }]
    },
  }
}
