import { ServeError } from '../errors.js'
import { checkOptions, didYouMean, refuse } from '../refusals.js'
import { type Exp3Options, exp3 } from './exp3.js'
import { type Exp4Options, exp4 } from './exp4.js'
import { fixed } from './fixed.js'
import { type EpsilonGreedyOptions, epsilonGreedy, thompson, ucb1 } from './mean-rewards.js'
import { type AbOptions, ab, type CanaryOptions, canary } from './percentages.js'
import type { SelectionPolicy } from './selection.js'

/** How linked models are chosen: a policy's name, or an object with the name and what it can be told. */
export type SelectionOption =
  | 'fixed'
  | 'exp3'
  | 'exp4'
  | 'epsilon-greedy'
  | 'ucb1'
  | 'thompson'
  | ({ policy: 'exp3' } & Partial<Exp3Options>)
  | ({ policy: 'exp4' } & Partial<Exp4Options>)
  | ({ policy: 'epsilon-greedy' } & Partial<EpsilonGreedyOptions>)
  | ({ policy: 'ab' } & AbOptions)
  | ({ policy: 'canary' } & Pick<CanaryOptions, 'canary'> & Partial<CanaryOptions>)
  | { policy: 'fixed' | 'ucb1' | 'thompson' }

type Given = Readonly<Record<string, unknown>>

/** A number between two others, or its default. */
function within(name: string, given: unknown, low: number, high: number, otherwise?: number): number {
  const value = given ?? otherwise
  if (typeof value !== 'number' || !(value >= low && value <= high)) refuse(`selection.${name}`, given, `a number from ${low} to ${high}`)
  return value
}

const LEARNING_RATE = 0.1
const SMALLEST_RATE = 1e-6

function percentByLink(given: unknown): Record<string, number> {
  const expected = 'an object of percent by link, such as {"m:1": 50, "m:2": 50}'
  if (typeof given !== 'object' || given === null || Array.isArray(given)) refuse('selection.percentages', given, expected)
  const shares = Object.entries(given).map(([link, percent]): [string, number] => [link, within(`percentages["${link}"]`, percent, 0, 100)])
  const sum = shares.reduce((all, [, percent]) => all + percent, 0)
  if (Math.abs(sum - 100) > 1e-9) refuse('the sum of selection.percentages', sum, '100')
  return Object.fromEntries(shares)
}

function linkName(given: unknown): string {
  return typeof given === 'string' && given !== '' ? given : refuse('selection.canary', given, 'the name of a link, such as "m:2"')
}

interface Kind {
  readonly options: readonly string[]
  readonly make: (given: Given) => SelectionPolicy
}

/** Every policy: what it can be told, and how it is made of that. */
const KINDS: Readonly<Record<string, Kind>> = {
  fixed: { options: [], make: () => fixed },
  exp3: {
    options: ['learningRate', 'exploration'],
    make: (given) =>
      exp3({
        learningRate: within('learningRate', given.learningRate, SMALLEST_RATE, 1, LEARNING_RATE),
        exploration: within('exploration', given.exploration, 0.001, 1, 0.1),
      }),
  },
  exp4: {
    options: ['learningRate'],
    make: (given) => exp4({ learningRate: within('learningRate', given.learningRate, SMALLEST_RATE, 1, LEARNING_RATE) }),
  },
  'epsilon-greedy': { options: ['epsilon'], make: (given) => epsilonGreedy({ epsilon: within('epsilon', given.epsilon, 0, 1, 0.1) }) },
  ucb1: { options: [], make: ucb1 },
  thompson: { options: [], make: thompson },
  ab: { options: ['percentages'], make: (given) => ab({ percentages: percentByLink(given.percentages) }) },
  canary: {
    options: ['canary', 'percent'],
    make: (given) => canary({ canary: linkName(given.canary), percent: within('percent', given.percent, 0, 100, 5) }),
  },
}

/** @throws ServeError `SERVE_OPTION` */
export function selectionPolicy(option: unknown): SelectionPolicy {
  const given = typeof option === 'string' ? { policy: option } : option
  const names = Object.keys(KINDS)
  const isObject = typeof given === 'object' && given !== null && !Array.isArray(given)
  const name = isObject ? (given as Given).policy : undefined
  if (!isObject || typeof name !== 'string') refuse('selection', option, `${names.join(', ')}, or an object with a policy of these`)
  if (!Object.hasOwn(KINDS, name)) throw new ServeError('SERVE_OPTION', `there is no selection policy "${name}"${didYouMean(name, names)}`)
  const kind = KINDS[name]!
  checkOptions<Given>(`selection "${name}"`, given as Given, ['policy', ...kind.options])
  return kind.make(given as Given)
}
