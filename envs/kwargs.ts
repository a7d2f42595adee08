import { didYouMean } from './env-id.js'
import { InvalidKwargs } from './errors.js'
import { shown } from './shown.js'

/** @throws InvalidKwargs when `what` is not an object of options */
export function checkOptionsObject(what: string, options: unknown): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return
  throw new InvalidKwargs(`${what} must be an object, got ${shown(options)}`)
}

/** Refuses options that nobody would read. @throws InvalidKwargs naming the option, those that exist, and the one probably meant */
export function checkKwargs(where: string, kwargs: object, known: readonly string[]): void {
  checkOptionsObject(`the options of ${where}`, kwargs)
  for (const name of Object.keys(kwargs)) {
    if (known.includes(name)) continue
    throw new InvalidKwargs(`${where} has no option ${name}; it has ${known.join(', ') || 'none'}.${didYouMean(name, known)}`)
  }
}

/** @throws InvalidKwargs for one that is neither true nor false */
export function checkFlags(where: string, flags: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(flags)) {
    if (typeof value !== 'boolean') throw new InvalidKwargs(`${name} of ${where} is true or false, got ${shown(value)}`)
  }
}

/** @throws InvalidKwargs */
export function finiteOption(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new InvalidKwargs(`${name} must be a finite number, got ${shown(value)}`)
}
