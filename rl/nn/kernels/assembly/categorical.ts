/**
 * The categorical distribution over k classes, from logits [n, k]. A kernel that returns a number returns the first of the four rows
 * in which something is wrong (a logit that is not finite, an action outside 0 … k-1), or -1.
 */
import { exp4 } from './math'
import { column4, gather4, logSumExp4, max4, rowOfLane, scatter4, storeColumn4, sumExp4 } from './softmax'

/** The four uniforms of a group, as float32. */
// @ts-ignore: decorator
@inline
function uniforms4(uniforms: usize, asFloat64: bool, r: i32, n: i32): v128 {
  if (!asFloat64) return column4(uniforms, r, n)
  return f32x4(
    <f32>load<f64>(uniforms + (<usize>rowOfLane(r, 0, n) << 3)),
    <f32>load<f64>(uniforms + (<usize>rowOfLane(r, 1, n) << 3)),
    <f32>load<f64>(uniforms + (<usize>rowOfLane(r, 2, n) << 3)),
    <f32>load<f64>(uniforms + (<usize>rowOfLane(r, 3, n) << 3)),
  )
}

/** ln p(action) of four rows, whose logits begin at a, b, c and d; the first row's end at `end`. */
// @ts-ignore: decorator
@inline
function logProb4(action: v128, a: usize, b: usize, c: usize, d: usize, end: usize, max: v128): v128 {
  const chosen = gather4(
    a + (<usize>i32x4.extract_lane(action, 0) << 2),
    b + (<usize>i32x4.extract_lane(action, 1) << 2),
    c + (<usize>i32x4.extract_lane(action, 2) << 2),
    d + (<usize>i32x4.extract_lane(action, 3) << 2),
  )
  return f32x4.sub(f32x4.sub(chosen, max), logSumExp4(a, b, c, d, end, max))
}

/** The first class whose cumulative probability exceeds the row's uniform, and its log-probability. */
export function sample(logits: usize, uniforms: usize, asFloat64: bool, actions: usize, logProbs: usize, n: i32, k: i32): i32 {
  const row = <usize>k << 2
  for (let r = 0; r < n; r += 4) {
    const a = logits + <usize>rowOfLane(r, 0, n) * row
    const b = logits + <usize>rowOfLane(r, 1, n) * row
    const c = logits + <usize>rowOfLane(r, 2, n) * row
    const d = logits + <usize>rowOfLane(r, 3, n) * row
    const max = max4(a, b, c, d, a + row)
    const sum = sumExp4(a, b, c, d, a + row, max)
    // Σ exp ≥ 1, unless a logit is not a number or infinite.
    if (v128.any_true(v128.not(f32x4.ge(sum, f32x4.splat(1))))) return r
    const threshold = f32x4.mul(uniforms4(uniforms, asFloat64, r, n), sum)
    let cumulative = f32x4.splat(0)
    let action = i32x4.splat(0)
    for (let j: usize = 0; j < row - 4; j += 4) {
      cumulative = f32x4.add(cumulative, exp4(f32x4.sub(gather4(a + j, b + j, c + j, d + j), max)))
      action = i32x4.sub(action, f32x4.le(cumulative, threshold))
    }
    storeColumn4(action, actions, r, n)
    storeColumn4(logProb4(action, a, b, c, d, a + row, max), logProbs, r, n)
  }
  return -1
}

/** The class of the largest logit, the lowest of equals. */
export function greedy(logits: usize, actions: usize, n: i32, k: i32): i32 {
  const row = <usize>k << 2
  for (let r = 0; r < n; r += 4) {
    const a = logits + <usize>rowOfLane(r, 0, n) * row
    const b = logits + <usize>rowOfLane(r, 1, n) * row
    const c = logits + <usize>rowOfLane(r, 2, n) * row
    const d = logits + <usize>rowOfLane(r, 3, n) * row
    let best = gather4(a, b, c, d)
    let nan = f32x4.ne(best, best)
    let action = i32x4.splat(0)
    for (let j = 1; j < k; j++) {
      const at = <usize>j << 2
      const value = gather4(a + at, b + at, c + at, d + at)
      const larger = f32x4.gt(value, best)
      nan = v128.or(nan, f32x4.ne(value, value))
      best = v128.bitselect(value, best, larger)
      action = v128.bitselect(i32x4.splat(j), action, larger)
    }
    if (v128.any_true(nan)) return r
    storeColumn4(action, actions, r, n)
  }
  return -1
}

/** out[n, k] = softmax of each row. */
export function probabilities(logits: usize, out: usize, n: i32, k: i32): void {
  const row = <usize>k << 2
  for (let r = 0; r < n; r += 4) {
    const a = <usize>rowOfLane(r, 0, n) * row
    const b = <usize>rowOfLane(r, 1, n) * row
    const c = <usize>rowOfLane(r, 2, n) * row
    const d = <usize>rowOfLane(r, 3, n) * row
    const max = max4(logits + a, logits + b, logits + c, logits + d, logits + a + row)
    const sum = sumExp4(logits + a, logits + b, logits + c, logits + d, logits + a + row, max)
    for (let j: usize = 0; j < row; j += 4) {
      const from = logits + j
      const to = out + j
      const p = f32x4.div(exp4(f32x4.sub(gather4(from + a, from + b, from + c, from + d), max)), sum)
      scatter4(p, to + a, to + b, to + c, to + d)
    }
  }
}

/** out[n] = ln p(action). */
export function logProb(logits: usize, actions: usize, out: usize, n: i32, k: i32): i32 {
  const row = <usize>k << 2
  for (let r = 0; r < n; r += 4) {
    const a = logits + <usize>rowOfLane(r, 0, n) * row
    const b = logits + <usize>rowOfLane(r, 1, n) * row
    const c = logits + <usize>rowOfLane(r, 2, n) * row
    const d = logits + <usize>rowOfLane(r, 3, n) * row
    const action = column4(actions, r, n)
    if (v128.any_true(i32x4.ge_u(action, i32x4.splat(k)))) return r
    const max = max4(a, b, c, d, a + row)
    storeColumn4(logProb4(action, a, b, c, d, a + row, max), out, r, n)
  }
  return -1
}

/** out[n] = -Σ p ln p. */
export function entropy(logits: usize, out: usize, n: i32, k: i32): void {
  const row = <usize>k << 2
  for (let r = 0; r < n; r += 4) {
    const a = logits + <usize>rowOfLane(r, 0, n) * row
    const b = logits + <usize>rowOfLane(r, 1, n) * row
    const c = logits + <usize>rowOfLane(r, 2, n) * row
    const d = logits + <usize>rowOfLane(r, 3, n) * row
    const max = max4(a, b, c, d, a + row)
    const logSum = logSumExp4(a, b, c, d, a + row, max)
    let result = f32x4.splat(0)
    for (let j: usize = 0; j < row; j += 4) {
      const logP = f32x4.sub(f32x4.sub(gather4(a + j, b + j, c + j, d + j), max), logSum)
      result = f32x4.sub(result, f32x4.mul(exp4(logP), logP))
    }
    storeColumn4(result, out, r, n)
  }
}
