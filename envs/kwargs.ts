import { didYouMean } from './env-id.js'
import { InvalidKwargs } from './errors.js'

/** Refuses options that nobody would read. @throws InvalidKwargs naming the option, those that exist, and the one probably meant */
export function checkKwargs(where: string, kwargs: object, known: readonly string[]): void {
  for (const name of Object.keys(kwargs)) {
    if (known.includes(name)) continue
    throw new InvalidKwargs(`${where} has no option ${name}; it has ${known.join(', ') || 'none'}.${didYouMean(name, known)}`)
  }
}
