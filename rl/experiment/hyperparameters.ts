import { closest } from 'fastest-levenshtein'
import { LearningError } from '../errors.js'
import { preset } from './presets.js'

/** Says what a value must be, or undefined where it is that. */
type Check = (value: unknown) => string | undefined

const rule =
  (expected: string, holds: (value: unknown) => boolean): Check =>
  (value) =>
    holds(value) ? undefined : expected

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isSchedule = (value: unknown) => {
  const { from, to } = (typeof value === 'object' && value !== null ? value : { from: value, to: value }) as { from: unknown; to: unknown }
  return isNumber(from) && isNumber(to) && from >= 0 && to >= 0
}

const isPositiveInteger = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1

/** The kinds of values that hyperparameters have. */
export const checks = {
  positiveInteger: rule('a whole number of at least 1', isPositiveInteger),
  fraction: rule('a number from 0 to 1', (value) => isNumber(value) && value >= 0 && value <= 1),
  notNegative: rule('a number of at least 0', (value) => isNumber(value) && value >= 0),
  positive: rule('a number above 0', (value) => isNumber(value) && value > 0),
  positiveOrNull: rule('a number above 0, or null', (value) => value === null || (isNumber(value) && value > 0)),
  schedule: rule('a number of at least 0, or { from, to } of such', isSchedule),
  flag: rule('true or false', (value) => typeof value === 'boolean'),
  layers: rule('a list of layer widths, such as [64, 64]', (value) => Array.isArray(value) && value.every(isPositiveInteger)),
  activation: rule('"tanh" or "relu"', (value) => value === 'tanh' || value === 'relu'),
}

/** A check for each hyperparameter of an algorithm. */
export type Checks<H> = { readonly [K in keyof H]: Check }

/** Options as an algorithm's user gives them: any of its hyperparameters. */
export type Overrides<H> = { readonly [K in keyof H]?: H[K] | undefined }

/**
 * The hyperparameters a run uses: the algorithm's defaults, under the tuned preset for the environment, under what the caller gave.
 * @throws LearningError `RL_OPTION` for an unknown name or a value out of range
 */
export function resolveHyperparameters<H extends object>(
  algorithm: string,
  environmentId: string,
  defaults: H,
  rules: Checks<H>,
  given: Overrides<H>,
): H {
  const overrides = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const known = Object.keys(defaults)
  for (const [name, value] of Object.entries(overrides)) {
    if (!known.includes(name)) {
      throw new LearningError(
        'RL_OPTION',
        `${algorithm} has no option ${name}; did you mean ${closest(name, known)}? It takes ${known.join(', ')}`,
      )
    }
    const expected = rules[name as keyof H](value)
    if (expected) throw new LearningError('RL_OPTION', `${algorithm}'s ${name} is ${JSON.stringify(value)}; expected ${expected}`)
  }
  return { ...defaults, ...preset(algorithm, environmentId)?.hyperparameters, ...overrides } as H
}
