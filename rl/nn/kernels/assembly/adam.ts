/** Σ g² in float64, in a fixed order. */
export function sumOfSquares(g: usize, count: usize): f64 {
  let even = f64x2.splat(0)
  let odd = f64x2.splat(0)
  const end = g + (count << 2)
  for (const wide = g + ((count & ~3) << 2); g < wide; g += 16) {
    const four = v128.load(g)
    const low = f64x2.promote_low_f32x4(four)
    const high = f64x2.promote_low_f32x4(i64x2.shuffle(four, four, 1, 0))
    even = f64x2.add(even, f64x2.mul(low, low))
    odd = f64x2.add(odd, f64x2.mul(high, high))
  }
  const both = f64x2.add(even, odd)
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
  for (; g < end; g += 4) {
    const one = <f64>load<f32>(g)
    sum += one * one
  }
  return sum
}

/**
 * One step of Adam (Kingma and Ba 2015, algorithm 1, as PyTorch computes it), on `scale · g`; g is zeroed on the way.
 * keep = β and take = 1 - β (rounded once, from float64), stepSize = learning rate / (1 - β₁ᵗ), root = 1 / √(1 - β₂ᵗ).
 */
export function adam(
  p: usize, g: usize, m: usize, v: usize, count: usize, scale: f32, keep1: f32, take1: f32, keep2: f32, take2: f32, stepSize: f32, root: f32, epsilon: f32,
): void {
  const end = p + (count << 2)
  const keepMean = f32x4.splat(keep1)
  const takeMean = f32x4.splat(take1)
  const keepSquare = f32x4.splat(keep2)
  const takeSquare = f32x4.splat(take2)
  const scale4 = f32x4.splat(scale)
  const step4 = f32x4.splat(stepSize)
  const root4 = f32x4.splat(root)
  const epsilon4 = f32x4.splat(epsilon)
  const zero = f32x4.splat(0)
  for (const wide = p + ((count & ~3) << 2); p < wide; p += 16, g += 16, m += 16, v += 16) {
    const gradient = f32x4.mul(v128.load(g), scale4)
    const mean = f32x4.add(f32x4.mul(v128.load(m), keepMean), f32x4.mul(gradient, takeMean))
    const square = f32x4.add(f32x4.mul(v128.load(v), keepSquare), f32x4.mul(f32x4.mul(gradient, gradient), takeSquare))
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(square), root4), epsilon4)
    v128.store(p, f32x4.sub(v128.load(p), f32x4.div(f32x4.mul(step4, mean), denominator)))
    v128.store(m, mean)
    v128.store(v, square)
    v128.store(g, zero)
  }
  for (; p < end; p += 4, g += 4, m += 4, v += 4) {
    const gradient = load<f32>(g) * scale
    const mean = load<f32>(m) * keep1 + gradient * take1
    const square = load<f32>(v) * keep2 + gradient * gradient * take2
    store<f32>(p, load<f32>(p) - (stepSize * mean) / (sqrt<f32>(square) * root + epsilon))
    store<f32>(m, mean)
    store<f32>(v, square)
    store<f32>(g, 0)
  }
}
