/** Sums in NumPy's order, so that they round as its own do, in double or in single precision. */

const BLOCK = 128

/** Σ values[i]² over [from, to), by NumPy's pairwise summation: eight running sums in a block of up to 128, halves of what is longer. */
export function sumOfSquares(values: ArrayLike<number>, from = 0, to = values.length): number {
  return pairwise(values, from, to - from, values instanceof Float32Array ? Math.fround : exact)
}

const exact = (value: number) => value

function pairwise(values: ArrayLike<number>, from: number, count: number, round: (value: number) => number): number {
  const square = (i: number) => round(values[from + i]! * values[from + i]!)
  if (count < 8) {
    let sum = 0
    for (let i = 0; i < count; i++) sum = round(sum + square(i))
    return sum
  }
  if (count > BLOCK) {
    const half = Math.floor(count / 2)
    const first = half - (half % 8)
    return round(pairwise(values, from, first, round) + pairwise(values, from + first, count - first, round))
  }
  const sums = [0, 1, 2, 3, 4, 5, 6, 7].map(square) as [number, number, number, number, number, number, number, number]
  let i = 8
  for (; i + 8 <= count; i += 8) for (let k = 0; k < 8; k++) sums[k] = round(sums[k]! + square(i + k))
  const [a, b, c, d, e, f, g, h] = sums
  let sum = round(round(round(a + b) + round(c + d)) + round(round(e + f) + round(g + h)))
  for (; i < count; i++) sum = round(sum + square(i))
  return sum
}

/** weight · Σ action²; of a Float32Array in single precision, as NumPy computes it. */
export function controlCost(action: ArrayLike<number>, weight: number): number {
  const sum = sumOfSquares(action)
  return action instanceof Float32Array ? Math.fround(Math.fround(weight) * sum) : weight * sum
}
