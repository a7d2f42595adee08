/**
 * Hyperparameters as one table an algorithm: name, default and what a value must be stand in one place, and the type follows from it.
 *
 * @example
 * const HYPERPARAMETERS = { gamma: fraction(0.99), hidden: layers([64, 64]) }
 * type Hyperparameters = Values<typeof HYPERPARAMETERS> // { gamma: number, hidden: number[] }
 */
import { WIDEST_LAYER } from '../policy/description.js'
import { checkOptions, type Rule } from './options.js'
import { preset } from './presets.js'
import type { Schedule } from './schedule.js'

export interface Hyperparameter<T> {
  readonly initial: T
  readonly rule: Rule
}

type Table = Readonly<Record<string, Hyperparameter<unknown>>>

/** The values of a table's hyperparameters. */
export type Values<T extends Table> = { readonly [K in keyof T]: T[K]['initial'] }

/** What a user of the algorithm may give: any of them. */
export type Overrides<T extends Table> = { readonly [K in keyof T]?: T[K]['initial'] | undefined }

const kind =
  <T>(expected: string, holds: (value: unknown) => boolean) =>
  (initial: T): Hyperparameter<T> => ({ initial, rule: [expected, holds] })

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isPositiveInteger = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1
const isNotNegative = (value: unknown) => isNumber(value) && value >= 0

function isSchedule(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isNotNegative(value)
  const { from, to } = value as { from?: unknown; to?: unknown }
  return isNotNegative(from) && isNotNegative(to)
}

export const positiveInteger = kind<number>('a whole number of at least 1', isPositiveInteger)
export const fraction = kind<number>('a number from 0 to 1', (value) => isNumber(value) && value >= 0 && value <= 1)
export const notNegative = kind<number>('a number of at least 0', isNotNegative)
export const positive = kind<number>('a number above 0', (value) => isNumber(value) && value > 0)
export const positiveOrNull = kind<number | null>('a number above 0, or null', (value) => value === null || (isNumber(value) && value > 0))
export const schedule = kind<Schedule>('a number of at least 0, or { from, to } of such', isSchedule)
export const flag = kind<boolean>('true or false', (value) => typeof value === 'boolean')
export const layers = kind<number[]>(
  `a list of layer widths from 1 to ${WIDEST_LAYER}, such as [64, 64]`,
  (value) => Array.isArray(value) && value.every((width) => isPositiveInteger(width) && width <= WIDEST_LAYER),
)
export const activation = kind<'tanh' | 'relu'>('"tanh" or "relu"', (value) => value === 'tanh' || value === 'relu')

/**
 * The hyperparameters a run uses: the algorithm's defaults, under the tuned preset for the environment, under what the caller gave.
 * @throws LearningError `RL_OPTION` for an unknown name or a value out of range
 */
export function resolveHyperparameters<T extends Table>(
  algorithm: string,
  environmentId: string,
  table: T,
  given: Overrides<T>,
): Values<T> {
  checkOptions(algorithm, given, Object.fromEntries(Object.entries(table).map(([name, { rule }]) => [name, rule])))
  const overrides = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const defaults = Object.fromEntries(Object.entries(table).map(([name, { initial }]) => [name, initial]))
  return { ...defaults, ...preset(algorithm, environmentId)?.hyperparameters, ...overrides } as Values<T>
}
