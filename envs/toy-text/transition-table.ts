/**
 * A finite Markov decision process whose transitions are written down: what may come of each action in each state, and with what
 * probability. Drawn from as Gymnasium does: the first outcome whose running sum of probabilities is above a uniform number.
 */
import { searchSorted } from '../random/choice.js'

export type Outcome = readonly [probability: number, next: number, reward: number, terminated: boolean]

/** The most outcomes that any of Gymnasium's tables has for an action. */
export const MOST_OUTCOMES = 3

/** Outcome k of action a in state s is at index (s · actions + a) · 3 + k of the arrays; where there are fewer than three, `cumulative` is 0. */
export class TransitionTable {
  readonly cumulative: Float64Array
  readonly probability: Float64Array
  readonly next: Int32Array
  readonly reward: Float64Array
  readonly terminated: Uint8Array
  /** The running sum of the probabilities of the first state. */
  readonly initial: Float64Array

  /** @param outcomes of an action in a state, up to three @param weights of the first states, not all zero */
  constructor(
    readonly states: number,
    readonly actions: number,
    outcomes: (state: number, action: number) => readonly Outcome[],
    weights: ArrayLike<number>,
  ) {
    const size = states * actions * MOST_OUTCOMES
    this.cumulative = new Float64Array(size)
    this.probability = new Float64Array(size)
    this.next = new Int32Array(size)
    this.reward = new Float64Array(size)
    this.terminated = new Uint8Array(size)
    for (let state = 0; state < states; state++) {
      for (let action = 0; action < actions; action++) this.#write((state * actions + action) * MOST_OUTCOMES, outcomes(state, action))
    }
    this.initial = new Float64Array(states)
    let total = 0
    for (let state = 0; state < states; state++) total += weights[state]!
    let sum = 0
    for (let state = 0; state < states; state++) this.initial[state] = sum += weights[state]! / total
  }

  #write(at: number, outcomes: readonly Outcome[]): void {
    let sum = 0
    for (const [k, [probability, next, reward, terminated]] of outcomes.entries()) {
      this.cumulative[at + k] = sum += probability
      this.probability[at + k] = probability
      this.next[at + k] = next
      this.reward[at + k] = reward
      this.terminated[at + k] = terminated ? 1 : 0
    }
  }

  /** The index of an outcome, drawn by a uniform number. A number above the last sum (they may end below 1) draws the first, as in NumPy. */
  draw(state: number, action: number, uniform: number): number {
    const at = (state * this.actions + action) * MOST_OUTCOMES
    const sums = this.cumulative
    return sums[at]! > uniform ? at : sums[at + 1]! > uniform ? at + 1 : sums[at + 2]! > uniform ? at + 2 : at
  }

  /** A first state, drawn by a uniform number. */
  first(uniform: number): number {
    const state = searchSorted(this.initial, uniform)
    return state === this.states ? 0 : state
  }

  /** What may come of an action in a state, as a list: Gymnasium's `P[state][action]`. */
  outcomes(state: number, action: number): Outcome[] {
    const at = (state * this.actions + action) * MOST_OUTCOMES
    return [at, at + 1, at + 2]
      .filter((k) => k === at || this.cumulative[k]! > 0)
      .map((k) => [this.probability[k]!, this.next[k]!, this.reward[k]!, this.terminated[k] === 1])
  }
}

/** Keeps the last thing made, for the many environments of one kind that are made in a row. */
export function lastMade<T>(make: (key: string) => T): (key: string) => T {
  let last: { key: string; made: T } | undefined
  return (key) => {
    if (last?.key !== key) last = { key, made: make(key) }
    return last.made
  }
}
