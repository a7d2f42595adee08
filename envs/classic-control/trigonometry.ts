/**
 * Sine and cosine that round the same in every JavaScript engine and in a kernel, which `Math.sin` does not promise. Up to π/4 they are
 * the minimax polynomials of fdlibm's k_sin and k_cos (Sun Microsystems, 1993; error below 0.6 of the last digit), which is also what V8
 * computes; written out they are inlined into a loop, where a call to Math.sin is not. Beyond π/4 Math's own are used.
 */
const QUARTER = Math.PI / 4

const S1 = -1.66666666666666324348e-1
const S2 = 8.33333333332248946124e-3
const S3 = -1.98412698298579493134e-4
const S4 = 2.75573137070700676789e-6
const S5 = -2.50507602534068634195e-8
const S6 = 1.58969099521155010221e-10

const C1 = 4.16666666666666019037e-2
const C2 = -1.38888888888741095749e-3
const C3 = 2.48015872894767294178e-5
const C4 = -2.75573143513906633035e-7
const C5 = 2.08757232129817482790e-9
const C6 = -1.13596475577881948265e-11

export function sine(x: number): number {
  if (!(x > -QUARTER && x < QUARTER)) return Math.sin(x)
  const z = x * x
  const r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)))
  return x + z * x * (S1 + z * r)
}

export function cosine(x: number): number {
  if (!(x > -QUARTER && x < QUARTER)) return Math.cos(x)
  const z = x * x
  const r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))))
  const half = 0.5 * z
  // What 1 − half loses to rounding is added back.
  const rest = 1 - half
  return rest + (1 - rest - half + z * r)
}
