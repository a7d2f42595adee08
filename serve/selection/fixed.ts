import { alone, type Choice, type SelectionPolicy } from './selection.js'

const FIRST: Choice = { arms: [0], probability: 1 }

/** The model that was linked first answers alone. */
export const fixed: SelectionPolicy = {
  learns: false,
  select: () => FIRST,
  combine: (_standing, _chosen, predictions, first) => alone(predictions, first),
  weights: () => undefined,
  observe: () => [],
}
