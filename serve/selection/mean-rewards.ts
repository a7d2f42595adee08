import { alone, FIELDS, type SelectionPolicy, type Standing } from './selection.js'

/**
 * Bandits that keep a mean reward (1 − loss) an arm: they ask one arm and differ only in how they choose it. A standing holds the sum
 * of an arm's rewards and how often it was told one.
 * @param chanceOf the chance that an arm had, where it is known; UCB1 draws nothing, and of Thompson's nobody knows it
 */
function meanRewards(
  choose: (standing: Standing, arms: number, random: () => number) => number,
  chanceOf: (standing: Standing, arms: number, chosen: number) => number = () => 1,
): SelectionPolicy {
  return {
    learns: true,
    select(standing, { length: arms }, random) {
      const arm = choose(standing, arms, random)
      return { arms: [arm], probability: chanceOf(standing, arms, arm) }
    },
    combine: (_standing, _chosen, predictions, first) => alone(predictions, first),
    weights: (standing, arms) => arms.map((_, arm) => (pulls(standing, arm) > 0 ? rewards(standing, arm) / pulls(standing, arm) : 0)),
    observe(_standing, { arms: [arm] }, [loss]) {
      if (arm === undefined || loss === undefined) return []
      return [
        { arm, field: 0, by: 1 - loss },
        { arm, field: 1, by: 1 },
      ]
    },
  }
}

const rewards = (standing: Standing, arm: number) => standing[arm * FIELDS]!
const pulls = (standing: Standing, arm: number) => standing[arm * FIELDS + 1]!

/** The arm with the highest score, ties to the lowest. */
function best(arms: number, score: (arm: number) => number): number {
  let found = 0
  let highest = -Infinity
  for (let arm = 0; arm < arms; arm++) {
    const value = score(arm)
    if (value > highest) [found, highest] = [arm, value]
  }
  return found
}

export interface EpsilonGreedyOptions {
  /** The share of queries that go to an arm at random; default 0.1. */
  readonly epsilon: number
}

/** ε-greedy (Sutton and Barto, section 2.2): the arm with the best mean reward, or any with chance ε. Arms without feedback come first. */
export function epsilonGreedy({ epsilon }: EpsilonGreedyOptions): SelectionPolicy {
  const greedy = (standing: Standing, arms: number) =>
    best(arms, (arm) => (pulls(standing, arm) === 0 ? Infinity : rewards(standing, arm) / pulls(standing, arm)))
  return meanRewards(
    (standing, arms, random) => (random() < epsilon ? Math.floor(random() * arms) : greedy(standing, arms)),
    (standing, arms, chosen) => epsilon / arms + (chosen === greedy(standing, arms) ? 1 - epsilon : 0),
  )
}

/** UCB1 (Auer, Cesa-Bianchi, Fischer, 2002): the arm with the highest mean + √(2 ln n / nᵢ). Arms without feedback come first. */
export const ucb1 = (): SelectionPolicy =>
  meanRewards((standing, arms) => {
    let all = 0
    for (let arm = 0; arm < arms; arm++) all += pulls(standing, arm)
    return best(arms, (arm) => {
      const pulled = pulls(standing, arm)
      return pulled === 0 ? Infinity : rewards(standing, arm) / pulled + Math.sqrt((2 * Math.log(all)) / pulled)
    })
  })

/**
 * Thompson sampling (Thompson, 1933; Agrawal and Goyal, 2012): draws each arm's mean from Beta(1 + rewards, 1 + pulls − rewards), and
 * takes the highest draw. For rewards between 0 and 1 their sum stands for the number of successes.
 */
export const thompson = (): SelectionPolicy =>
  meanRewards((standing, arms, random) =>
    best(arms, (arm) => {
      const won = rewards(standing, arm)
      return drawBeta(1 + won, 1 + Math.max(0, pulls(standing, arm) - won), random)
    }),
  )

function drawBeta(a: number, b: number, random: () => number): number {
  const x = drawGamma(a, random)
  return x / (x + drawGamma(b, random))
}

/** Gamma with shape ≥ 1 and scale 1: Marsaglia and Tsang (2000), by rejection from a cubed normal. */
function drawGamma(shape: number, random: () => number): number {
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = drawNormal(random)
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v
  }
}

/** Box and Muller (1958). */
function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
