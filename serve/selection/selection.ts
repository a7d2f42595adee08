import type { Prediction } from '../query/prediction.js'

/** What several members made of one query. */
export interface Combined {
  /** The output as JSON. */
  readonly json: string
  /** How sure the members are of it, 0 to 1. */
  readonly confidence: number
}

/**
 * What a bandit knows of its arms, for one user or for all: `[arms, FIELDS]` numbers that are only ever added to. So several frontends
 * can add to the same row at once, and what is stored is no more than a table of sums.
 */
export type Standing = Float64Array

/** Numbers an arm: the first is a log-weight or the sum of rewards, the second how often it was chosen. */
export const FIELDS = 2

/** Which arms a query asks, and the chance that this choice had. */
export interface Choice {
  readonly arms: readonly number[]
  /** Of the only arm, where one was drawn and the chance is known; else 1. */
  readonly probability: number
}

/** What is to be added to a standing. */
export interface Increment {
  readonly arm: number
  readonly field: number
  readonly by: number
}

/** The loss of each arm that was asked, 0 (the best) to 1; undefined for one that did not answer. */
export type Losses = readonly (number | undefined)[]

/**
 * How an application chooses among its arms (the models linked to it), joins what they say, and learns from feedback: the four
 * functions of Clipper's selection interface (NSDI'17, section 5), where `init` is a row of zeros.
 */
export interface SelectionPolicy {
  /** Whether feedback changes anything. */
  readonly learns: boolean
  /** How far the first number of an arm may stay below the best arm's; as far as it likes where absent. */
  readonly widestGap?: number
  /** @param arms their names, at least one @param random draws from [0, 1) @param user whose query it is, or '' */
  select(standing: Standing, arms: readonly string[], random: () => number, user: string): Choice
  /**
   * `predictions[first … first + chosen.length)`, undefined for those who are late or failed, of the arms `chosen`. Undefined when
   * there is nothing to combine.
   */
  combine(
    standing: Standing,
    chosen: readonly number[],
    predictions: readonly (Prediction | undefined)[],
    first: number,
  ): Combined | undefined
  /**
   * What it goes by now, a number an arm, for people: of Exp3 and Exp4 the share of all weight, of those that keep means the mean reward (0
   * to 1), of percentages the share; undefined where that is the same for all.
   */
  weights(standing: Standing, arms: readonly string[]): number[] | undefined
  /** What feedback on a choice adds to the standing. */
  observe(standing: Standing, choice: Choice, losses: Losses): Increment[]
}

/** The answer of the one arm that was asked: there is nobody to disagree. */
export function alone(predictions: readonly (Prediction | undefined)[], first: number): Combined | undefined {
  const prediction = predictions[first]
  return prediction === undefined ? undefined : { json: prediction.json, confidence: 1 }
}
