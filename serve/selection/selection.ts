import type { Prediction } from '../query/prediction.js'

/** What a combined prediction has: its output as JSON. */
type Combined = Pick<Prediction, 'json'>

/**
 * Makes one output of what the members said about a query: `predictions[first … first + members)`, undefined for those who are late
 * or failed. Undefined when it cannot.
 */
type Combine = (predictions: readonly (Prediction | undefined)[], first: number, members: number) => Combined | undefined

/** How an application chooses among its linked models and joins what they say (Clipper, NSDI'17, section 5). */
export interface SelectionPolicy {
  readonly name: string
  /** Which of the linked models are asked. */
  select<M>(linked: readonly M[]): readonly M[]
  readonly combine: Combine
}
