/** How every refusal says what was given, and what may have been meant. */
import { closest, distance } from 'fastest-levenshtein'
import { ServeError } from './errors.js'

/** The most milliseconds that an option may say: a timer of Node's that is set for longer fires at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1
const SHOWN_CHARS = 60
const MOST_TYPOS = 3

/** A value in a few words. JSON would show NaN and Infinity as null, and throw for a BigInt or a circle. */
export function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'string')
    return value.length > SHOWN_CHARS ? `${JSON.stringify(value.slice(0, SHOWN_CHARS))}…` : JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}

/** The end of a sentence on a name that is not there. */
export function didYouMean(name: string, known: readonly string[]): string {
  const near = known.length > 0 ? closest(name, known) : undefined
  // (Of a short name a few typos leave nothing.)
  if (near !== undefined && distance(name, near) <= Math.min(MOST_TYPOS, Math.max(name.length, near.length) / 2))
    return `; did you mean "${near}"?`
  return known.length > 0 ? `; there is ${known.slice(0, 10).join(', ')}` : '; there is none yet'
}

export function refuse(what: string, given: unknown, expected: string): never {
  throw new ServeError('SERVE_OPTION', `${what} is ${given === undefined ? 'missing' : shown(given)}; expected ${expected}`)
}

/** A field of a request's body that is not what it has to be. @param path where it lies in the body */
export function invalid(path: string, expected: string, given: unknown): never {
  throw new ServeError('QUERY_INVALID', `${path}: expected ${expected}, got ${shown(given)}`)
}

/** What was given is no part of the message. */
export function refuseSecret(what: string, given: unknown, expected: string): never {
  const told = given === undefined || given === '' ? 'is missing' : 'is not one (it is not shown)'
  throw new ServeError('SERVE_OPTION', `${what} ${told}; expected ${expected}`)
}

/** Options: an object, all of whose keys are `known`. */
export function checkOptions<T extends object>(of: string, given: T, known: readonly (keyof T & string)[]): T {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    refuse(`what ${of} was given`, given, `an object with ${known.join(', ')}`)
  for (const key of Object.keys(given)) {
    if (!(known as readonly string[]).includes(key))
      throw new ServeError('SERVE_OPTION', `${of} has no option "${key}"${didYouMean(key, known)}`)
  }
  return given
}
