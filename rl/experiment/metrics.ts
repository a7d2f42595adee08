/** 1 − Var(returns − values) / Var(returns): 1 for a critic that is always right, 0 for a constant; 0 where returns do not vary. */
export function explainedVariance(values: Float32Array, returns: Float32Array): number {
  const squaredDeviations = (of: (i: number) => number) => {
    let mean = 0
    for (let i = 0; i < returns.length; i++) mean += of(i)
    mean /= returns.length
    let squares = 0
    for (let i = 0; i < returns.length; i++) squares += (of(i) - mean) ** 2
    return squares
  }
  const total = squaredDeviations((i) => returns[i])
  return total === 0 ? 0 : 1 - squaredDeviations((i) => returns[i] - values[i]) / total
}
