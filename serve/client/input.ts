import { refuse } from '../refusals.js'

/** What an application takes: numbers, a text, or bytes in base64. */
export type Input = ArrayLike<number> | string

/** An observation as JSON has it. What JSON would turn into something else (NaN into null, say) is refused here. */
export function plain(what: string, input: Input): readonly number[] | string {
  if (typeof input === 'string') return input
  const isList = typeof input === 'object' && input !== null && typeof input.length === 'number'
  if (!isList) refuse(what, input, 'an array of numbers, or a string')
  const values: readonly unknown[] = Array.isArray(input) ? input : Array.from(input)
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) refuse(`${what}[${i}]`, values[i], 'a finite number')
  return values as readonly number[]
}
