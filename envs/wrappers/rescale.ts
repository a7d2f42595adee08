/** A Box stretched to other bounds, and the way there and back, in the arithmetic of its dtype. */
import { InvalidBound, InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { emptyArray } from '../spaces/dtype.js'
import { Box } from '../spaces/index.js'

/** Both bounds of all coordinates, or one for each. */
export type Bound = number | ArrayLike<number>

interface Rescaled {
  space: Box
  /** From the old bounds to the new: gradient · x + intercept. */
  forward: (x: ArrayLike<number>) => ArrayLike<number>
  backward: (x: ArrayLike<number>) => ArrayLike<number>
}

/**
 * Where a bound of the box is infinite the new one must be the same.
 *
 * @throws InvalidSpace, InvalidBound
 */
export function rescaleBox(wrapper: string, box: Box, newLow: Bound, newHigh: Bound): Rescaled {
  const size = box.low.length
  const low = bounds(wrapper, newLow, size)
  const high = bounds(wrapper, newHigh, size)
  const round = box.dtype === ('float32' as string) ? Math.fround : (x: number) => x
  const gradient = new Float64Array(size).fill(1)
  const intercept = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const [oldLow, oldHigh] = [box.low[i]!, box.high[i]!]
    const meets = (old: number, now: number) => (Number.isFinite(old) && Number.isFinite(now)) || old === now
    if (!meets(oldLow, low[i]!) || !meets(oldHigh, high[i]!))
      throw new InvalidSpace(
        `${wrapper} cannot move an infinite bound: coordinate ${i} goes from ${oldLow} to ${oldHigh}, asked for ${low[i]} to ${high[i]}`,
      )
    if (!(low[i]! <= high[i]!))
      throw new InvalidBound(`${wrapper} needs lower bounds that are not above the upper ones, got ${low[i]} and ${high[i]}`)
    const bounded = [Number.isFinite(low[i]!), Number.isFinite(high[i]!)]
    if (bounded[0] && bounded[1]) gradient[i] = round((high[i]! - low[i]!) / (oldHigh - oldLow))
    if (bounded[1]) intercept[i] = round(high[i]! - oldHigh)
    if (bounded[0]) intercept[i] = round(round(gradient[i]! * -oldLow) + low[i]!)
  }
  const through = (map: (x: number, i: number) => number) => (x: ArrayLike<number>) => {
    const y = emptyArray(box.dtype, size)
    for (let i = 0; i < size; i++) y[i] = map(x[i]!, i)
    return y
  }
  return {
    space: new Box(low, high, { shape: box.shape, dtype: box.dtype }),
    forward: through((x, i) => round(gradient[i]! * x) + intercept[i]!),
    backward: through((x, i) => round(x - intercept[i]!) / gradient[i]!),
  }
}

/** @throws InvalidBound */
function bounds(wrapper: string, given: Bound, size: number): ArrayLike<number> {
  if (typeof given === 'number') return new Float64Array(size).fill(given)
  if (given?.length === size) return given
  throw new InvalidBound(`${wrapper} takes a number or ${size} of them as bounds, got ${shown(given)}`)
}
