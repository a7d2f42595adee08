/** Losses and their gradients with respect to what the networks put out. Gradients are of the mean over `total` rows. */
import { exp4, sumLanes } from './math'
import { column4, gather4, logSumExp4, max4, rowOfLane, scatter4 } from './softmax'

/** All bits of the lanes whose row r + lane exists. */
// @ts-ignore: decorator
@inline
function validLanes(r: i32, n: i32): v128 {
  return i32x4.lt_s(i32x4.add(i32x4.splat(r), i32x4(0, 1, 2, 3)), i32x4.splat(n))
}

function addTo(stats: usize, index: usize, asFloat64: bool, value: f64): void {
  if (asFloat64) store<f64>(stats + (index << 3), load<f64>(stats + (index << 3)) + value)
  else store<f32>(stats + (index << 2), load<f32>(stats + (index << 2)) + <f32>value)
}

/**
 * PPO's clipped surrogate (Schulman et al. 2017, equation 7) with an entropy bonus, four rows at a time:
 *   loss = -min(ρA, clip(ρ, 1-ε, 1+ε) A) - c H(π), ρ = π(a) / π_old(a).
 * dLogits[n, k] = ∂(Σ loss / total) / ∂logits. Adds to stats (float64 or float32) the sums over rows of: the policy loss, the entropy, the estimate
 * ρ - 1 - ln ρ of KL(π_old, π) (Schulman 2020, "k3"), and the number of rows with |ρ - 1| > ε.
 * Returns the first of the four rows in which an action is outside 0 … k-1, or -1.
 */
export function ppoCategorical(
  logits: usize, actions: usize, oldLogProbs: usize, advantages: usize, n: i32, k: i32, clipRange: f32, entropyCoef: f32, perRow: f32,
  dLogits: usize, stats: usize, asFloat64: bool,
): i32 {
  const row = <usize>k << 2
  const one = f32x4.splat(1)
  const low = f32x4.splat(1 - clipRange)
  const high = f32x4.splat(1 + clipRange)
  const bonus = f32x4.splat(entropyCoef * perRow)
  let lossSum: f64 = 0
  let entropySum: f64 = 0
  let klSum: f64 = 0
  let clipped = 0
  for (let r = 0; r < n; r += 4) {
    const a = <usize>rowOfLane(r, 0, n) * row
    const b = <usize>rowOfLane(r, 1, n) * row
    const c = <usize>rowOfLane(r, 2, n) * row
    const d = <usize>rowOfLane(r, 3, n) * row
    const valid = validLanes(r, n)
    const action = column4(actions, r, n)
    if (v128.any_true(i32x4.ge_u(action, i32x4.splat(k)))) return r
    const advantage = column4(advantages, r, n)

    const max = max4(logits + a, logits + b, logits + c, logits + d, logits + a + row)
    const shift = f32x4.add(max, logSumExp4(logits + a, logits + b, logits + c, logits + d, logits + a + row, max))
    let entropy = f32x4.splat(0)
    let logProb = f32x4.splat(0)
    for (let j: usize = 0; j < row; j += 4) {
      const from = logits + j
      const logP = f32x4.sub(gather4(from + a, from + b, from + c, from + d), shift)
      entropy = f32x4.sub(entropy, f32x4.mul(exp4(logP), logP))
      logProb = v128.bitselect(logP, logProb, i32x4.eq(action, i32x4.splat(<i32>(j >> 2))))
    }

    const logRatio = f32x4.sub(logProb, column4(oldLogProbs, r, n))
    const ratio = exp4(logRatio)
    const plain = f32x4.mul(ratio, advantage)
    const bounded = f32x4.mul(f32x4.pmin(f32x4.pmax(ratio, low), high), advantage)
    lossSum -= sumLanes(v128.and(f32x4.pmin(plain, bounded), valid))
    entropySum += sumLanes(v128.and(entropy, valid))
    klSum += sumLanes(v128.and(f32x4.sub(f32x4.sub(ratio, one), logRatio), valid))
    const outside = v128.or(f32x4.lt(ratio, low), f32x4.gt(ratio, high))
    clipped += popcnt(i32x4.bitmask(v128.and(outside, valid)))

    // Where the clipped term is the smaller it is a constant; else ∂/∂ ln π(a) = -ρA.
    const pull = v128.andnot(f32x4.mul(plain, f32x4.splat(-perRow)), f32x4.gt(plain, bounded))
    for (let j: usize = 0; j < row; j += 4) {
      const from = logits + j
      const to = dLogits + j
      const logP = f32x4.sub(gather4(from + a, from + b, from + c, from + d), shift)
      const p = exp4(logP)
      const isAction = v128.and(one, i32x4.eq(action, i32x4.splat(<i32>(j >> 2))))
      const ofPolicy = f32x4.mul(pull, f32x4.sub(isAction, p))
      const ofEntropy = f32x4.mul(bonus, f32x4.mul(p, f32x4.add(logP, entropy)))
      scatter4(f32x4.add(ofPolicy, ofEntropy), to + a, to + b, to + c, to + d)
    }
  }
  addTo(stats, 0, asFloat64, lossSum)
  addTo(stats, 1, asFloat64, entropySum)
  addTo(stats, 2, asFloat64, klSum)
  addTo(stats, 3, asFloat64, clipped)
  return -1
}

/**
 * Squared error (v - R)², or, with old values, the larger of it and that of old + clip(v - old, ±range) (OpenAI baselines' ppo2).
 * dValues[n] = coef · ∂(Σ error / total) / ∂v; returns Σ error. oldValues = 0 means no clipping; perRow = coef / total.
 */
export function valueLoss(values: usize, returns: usize, n: i32, perRow: f32, oldValues: usize, range: f32, dValues: usize): f64 {
  let sum: f64 = 0
  const twice = perRow * 2
  for (let r: usize = 0; r < <usize>n << 2; r += 4) {
    const value = load<f32>(values + r)
    const error = value - load<f32>(returns + r)
    let loss = error * error
    let slope = error
    if (oldValues != 0) {
      const old = load<f32>(oldValues + r)
      const move = value - old
      const held = old + max<f32>(-range, min<f32>(range, move)) - load<f32>(returns + r)
      if (held * held > loss) {
        loss = held * held
        slope = abs(move) <= range ? held : 0
      }
    }
    sum += loss
    store<f32>(dValues + r, slope * twice)
  }
  return sum
}
