import type { SelectionPolicy } from './selection.js'

/** The model that was linked first answers alone. */
export const fixed: SelectionPolicy = {
  name: 'fixed',
  select: (linked) => (linked.length <= 1 ? linked : linked.slice(0, 1)),
  combine: (predictions, first) => predictions[first],
}
