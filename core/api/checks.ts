import { closest } from 'fastest-levenshtein'
import { invalid } from './errors.js'

/** Throws unless `value` is a whole number of at least `low`. `what` is what the caller calls it. */
export function checkWhole(what: string, value: unknown, low: number): asserts value is number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= low) return
  throw invalid(`${what} must be a whole number of at least ${low}, not ${shown(value)}`)
}

/** Throws for an option that `caller` does not know. */
export function checkKnown(caller: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw invalid(`${caller}: options must be an object, not ${shown(options)}`)
  const stranger = Object.keys(options).find((key) => !known.includes(key))
  if (stranger === undefined) return
  throw invalid(`${caller}: unknown option '${stranger}'; did you mean '${closest(stranger, [...known])}'? (known: ${known.join(', ')})`)
}

/** Throws unless `values` can be gone through; of a string too, since nobody means its letters. `async`: with `for await`. */
export function checkIterable(what: string, values: unknown, async = false): void {
  const { [Symbol.iterator]: sync, [Symbol.asyncIterator]: later } = Object(values) as Partial<Iterable<unknown> & AsyncIterable<unknown>>
  if (typeof values !== 'string' && (typeof sync === 'function' || (async && typeof later === 'function'))) return
  throw invalid(`${what} must be ${async ? 'an iterable or async iterable' : 'a list or another iterable'}, not ${shown(values)}`)
}

/** A value in an error's message: short, and never failing. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}
