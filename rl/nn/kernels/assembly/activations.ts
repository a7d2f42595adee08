import { exp4, log4, tanh4 } from './math'

export const LINEAR: i32 = 0
export const TANH: i32 = 1
export const RELU: i32 = 2

/** y = tanh(x) over `count` floats, a multiple of 4. Four vectors at a time, so that the long chains of tanh4 overlap. */
export function tanhArray(x: usize, y: usize, count: usize): void {
  const end = x + (count << 2)
  const endOfFours = x + ((count & ~15) << 2)
  while (x < endOfFours) {
    const a = tanh4(v128.load(x))
    const b = tanh4(v128.load(x, 16))
    const c = tanh4(v128.load(x, 32))
    const d = tanh4(v128.load(x, 48))
    v128.store(y, a)
    v128.store(y, b, 16)
    v128.store(y, c, 32)
    v128.store(y, d, 48)
    x += 64
    y += 64
  }
  for (; x < end; x += 16, y += 16) v128.store(y, tanh4(v128.load(x)))
}

/** y = eˣ over `count` floats, a multiple of 4. */
export function expArray(x: usize, y: usize, count: usize): void {
  for (const end = x + (count << 2); x < end; x += 16, y += 16) v128.store(y, exp4(v128.load(x)))
}

/** y = ln x over `count` floats, a multiple of 4. */
export function logArray(x: usize, y: usize, count: usize): void {
  for (const end = x + (count << 2); x < end; x += 16, y += 16) v128.store(y, log4(v128.load(x)))
}

export function reluArray(x: usize, count: usize): void {
  const zero = f32x4.splat(0)
  for (const end = x + (count << 2); x < end; x += 16) v128.store(x, f32x4.pmax(v128.load(x), zero))
}

/** gradient · f'(pre-activation), told from the activation h = f(pre-activation): tanh' = 1 - h², relu' = [h > 0]. */
// @ts-ignore: decorator
@inline
export function throughActivation(gradient: v128, h: v128, activation: i32): v128 {
  if (activation == TANH) return f32x4.mul(gradient, f32x4.sub(f32x4.splat(1), f32x4.mul(h, h)))
  return v128.and(gradient, f32x4.gt(h, f32x4.splat(0)))
}
