/** Whether two environments behave alike: a new implementation beside the old one, or one with a wrapper that should change nothing. */
import type { Env, Info } from './env.js'
import { EnvError, InvalidKwargs } from './errors.js'
import type { Seed } from './seeding.js'
import { shown } from './shown.js'

const INFO_COMPARISONS = ['equivalence', 'superset', 'keys-equivalence', 'keys-superset', 'skip'] as const

export interface MatchOptions {
  /** Steps to compare; 0 compares the reset only. */
  numSteps: number
  /** Of the resets and of the actions; 0 unless told. */
  seed?: Seed
  skipObs?: boolean
  skipRew?: boolean
  skipTerminal?: boolean
  skipTruncated?: boolean
  /** Pictures are compared where both environments have a render mode that gives any. */
  skipRender?: boolean
  /** Equal infos unless told; with 'superset' the second may have more, the others look at the keys only. */
  infoComparison?: (typeof INFO_COMPARISONS)[number]
}

/** Both tolerances of numbers that are not to be equal to the last digit. */
const TOLERANCE = 1e-5

/**
 * Whether two observations, actions or infos are the same: of one type, and numbers in arrays within 1e-5 (of themselves and absolutely),
 * with `exact` to the last digit.
 */
export function dataEquivalence(a: unknown, b: unknown, exact = false): boolean {
  if (ArrayBuffer.isView(a) || ArrayBuffer.isView(b)) {
    if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return false
    const [left, right] = [a as Float64Array, b as Float64Array]
    const same = (x: number, y: number) => x === y || (!exact && Math.abs(x - y) <= TOLERANCE + TOLERANCE * Math.abs(y))
    return left.length === right.length && left.every((value, i) => same(value, right[i]!))
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && dataEquivalence(left[key], right[key], exact))
}

/**
 * Steps both with the first one's sampled actions and compares all they give, as Gymnasium's `check_environments_match`.
 *
 * @throws EnvError (ENVS_CHECK_FAILED) naming the first difference, InvalidKwargs
 */
export function checkEnvironmentsMatch(a: Env, b: Env, options: MatchOptions): void {
  const { infoComparison = 'equivalence', numSteps, seed = 0 } = options
  if (!INFO_COMPARISONS.includes(infoComparison))
    throw new InvalidKwargs(`infoComparison is one of ${INFO_COMPARISONS.join(', ')}, got ${shown(infoComparison)}`)
  if (!Number.isInteger(numSteps) || numSteps < 0) throw new InvalidKwargs(`numSteps is a whole number of steps, got ${shown(numSteps)}`)
  differ(!a.actionSpace.equals(b.actionSpace), 'the action spaces', a.actionSpace, b.actionSpace)
  differ(
    !options.skipObs && !a.observationSpace.equals(b.observationSpace),
    'the observation spaces',
    a.observationSpace,
    b.observationSpace,
  )
  a.actionSpace.seed(seed)
  compareResets(a, b, options, 'at the reset')
  for (let step = 0; step < numSteps; step++) {
    const at = `in step ${step}`
    const action = a.actionSpace.sample()
    const [left, right] = [a.step(action), b.step(action)]
    differ(!options.skipObs && !dataEquivalence(left[0], right[0]), `the observations ${at}`, left[0], right[0])
    differ(!options.skipRew && left[1] !== right[1], `the rewards ${at}`, left[1], right[1])
    differ(!options.skipTerminal && left[2] !== right[2], `terminated ${at}`, left[2], right[2])
    differ(!options.skipTruncated && left[3] !== right[3], `truncated ${at}`, left[3], right[3])
    compareInfos(left[4], right[4], infoComparison, at)
    comparePictures(a, b, options, at)
    if (left[2] || left[3] || right[2] || right[3]) compareResets(a, b, options, `at the reset after step ${step}`)
  }
}

function differ(isSo: boolean, what: string, a: unknown, b: unknown): void {
  if (!isSo) return
  throw new EnvError('ENVS_CHECK_FAILED', `${what} differ: ${told(a)} and ${told(b)}`)
}

const told = (value: unknown) => (ArrayBuffer.isView(value) ? `[${value}]` : shown(value))

function compareResets(a: Env, b: Env, options: MatchOptions, at: string): void {
  const { infoComparison = 'equivalence', seed = 0, skipObs } = options
  const [[left, leftInfo], [right, rightInfo]] = [a.reset({ seed }), b.reset({ seed })]
  differ(!skipObs && !dataEquivalence(left, right), `the observations ${at}`, left, right)
  compareInfos(leftInfo, rightInfo, infoComparison, at)
  comparePictures(a, b, options, at)
}

function compareInfos(a: Info, b: Info, comparison: MatchOptions['infoComparison'], at: string): void {
  if (comparison === 'skip') return
  const [left, right] = [Object.keys(a).sort(), Object.keys(b).sort()]
  const isSuperset = comparison === 'superset' || comparison === 'keys-superset'
  const missing = isSuperset ? left.some((key) => !Object.hasOwn(b, key)) : left.join() !== right.join()
  differ(missing, `the keys of the infos ${at}`, left, right)
  if (comparison === 'keys-equivalence' || comparison === 'keys-superset') return
  for (const key of left) differ(!dataEquivalence(a[key], b[key]), `the infos' ${key} ${at}`, a[key], b[key])
}

function comparePictures(a: Env, b: Env, { skipRender }: MatchOptions, at: string): void {
  const shows = (env: Env) => env.renderMode !== null && env.renderMode !== 'human'
  if (skipRender || !shows(a) || !shows(b)) return
  differ(!dataEquivalence(a.render(), b.render(), true), `the pictures ${at}`, 'one', 'another')
}
