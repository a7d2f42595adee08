import { closest } from 'fastest-levenshtein'
import { LearningError } from '../errors.js'

/** What a value must be, in words, and whether one is that. */
export type Rule = readonly [expected: string, holds: (value: unknown) => boolean]

/** A value as an error shows it: what was given, also where JSON has no word for it. */
function shown(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return `{ ${Object.entries(value)
      .map(([name, part]) => `${name}: ${shown(part)}`)
      .join(', ')} }`
  }
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/**
 * Refuses options that do not exist or are of the wrong kind; undefined ones are as good as absent.
 * @throws LearningError `RL_OPTION`
 */
export function checkOptions(what: string, options: unknown, rules: Readonly<Record<string, Rule>>): void {
  if (typeof options !== 'object' || options === null) {
    throw new LearningError('RL_OPTION', `the options of ${what} are ${shown(options)}; expected an object`)
  }
  const known = Object.keys(rules)
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue
    if (!Object.hasOwn(rules, name)) {
      throw new LearningError(
        'RL_OPTION',
        `${what} has no option ${name}; did you mean ${closest(name, known)}? It takes ${known.join(', ')}`,
      )
    }
    const [expected, holds] = rules[name]
    if (!holds(value)) throw new LearningError('RL_OPTION', `${what}: ${name} is ${shown(value).slice(0, 100)}; expected ${expected}`)
  }
}
