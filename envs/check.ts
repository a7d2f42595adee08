/** `checkEnv`: tries an environment out against the rules that everything else relies on. */
import { checkFrame, checkReset, checkSpaces, checkStep, refuseNaN, sharesData } from './api-rules.js'
import { Env, type StackState } from './env.js'
import { EnvError } from './errors.js'
import { warnOfLearners } from './learner-rules.js'
import { make } from './make.js'
import { registry } from './registry.js'
import { shown } from './shown.js'

export interface CheckOptions {
  skipRenderCheck?: boolean
  skipCloseCheck?: boolean
}

const SEED = 123
/** Steps over which determinism and resuming are watched. */
const STEPS = 20

/**
 * Checks spaces, whether learners can use them (learner-rules.ts), reset, step, determinism by seed, that no data is given twice, exact resuming by getState/setState, rendering, closing.
 *
 * @returns what is allowed but odd, one sentence each; empty for a clean environment
 * @throws EnvError (ENVS_CHECK_FAILED) saying which rule is broken, NotANumber where a number is none, at one of the first steps or later
 */
export function checkEnv(env: Env, { skipRenderCheck = false, skipCloseCheck = false }: CheckOptions = {}): string[] {
  const warnings: string[] = []
  const warn = (message: string) => {
    if (!warnings.includes(message)) warnings.push(message)
  }
  if (!(env instanceof Env)) fail(`checkEnv needs an environment that extends Env, got ${shown(env)}`)
  if (env.unwrapped !== env) warn(`${env} has wrappers around it; check env.unwrapped`)
  checkSpaces(env, warn)
  warnOfLearners(env, warn)
  for (const options of [undefined, { options: {} }]) {
    const result = env.reset(options)
    checkReset(env, result, warn)
    refuseNaN(env, 'reset', result[0])
    if (!env.observationSpace.contains(result[0]))
      fail(`the observation that reset() gives must be in ${env.observationSpace}, got ${shown(result[0])}`)
  }
  const step = env.step(env.actionSpace.sample())
  checkStep(env, step, warn)
  refuseNaN(env, 'step', step[0], step[1])
  if (step[3]) fail('the episode is truncated after its first step; something is wrong with its limit')
  checkDeterminism(env)
  checkNothingReused(env)
  checkResume(env)
  if (!skipRenderCheck) checkRendering(env, warn)
  if (!skipCloseCheck) for (const time of ['once', 'twice']) attempt(`close() called ${time}`, () => env.close())
  return warnings
}

function fail(message: string): never {
  throw new EnvError('ENVS_CHECK_FAILED', message)
}

function attempt(what: string, action: () => void): void {
  try {
    action()
  } catch (cause) {
    throw new EnvError('ENVS_CHECK_FAILED', `${what} must not throw, but did: ${(cause as Error).message}`, { cause })
  }
}

/** A reset and some steps: all that was seen, in order. Ends with the episode. */
function trajectory(env: Env, actions: readonly unknown[], start: () => unknown): unknown[] {
  const seen: unknown[] = [structuredClone(start())]
  for (const action of actions) {
    const result = env.step(action)
    refuseNaN(env, 'step', result[0], result[1])
    seen.push(structuredClone(result))
    if (result[2] || result[3]) break
  }
  return seen
}

function sampleActions(env: Env): unknown[] {
  env.actionSpace.seed(SEED)
  return Array.from({ length: STEPS }, () => env.actionSpace.sample())
}

function checkDeterminism(env: Env): void {
  if (env.spec?.nondeterministic) return
  const actions = sampleActions(env)
  const first = trajectory(env, actions, () => env.reset({ seed: SEED }))
  const second = trajectory(env, actions, () => env.reset({ seed: SEED }))
  const at = first.findIndex((result, i) => !same(result, second[i]))
  if (at >= 0)
    fail(
      `the same seed and actions must give the same numbers, but ${at === 0 ? 'reset' : `step ${at}`} differed; draw only from this.npRandom, after this.seedRandom(seed)`,
    )
  env.reset({ seed: SEED + 1 })
  if (env.unwrapped.npRandomSeed !== SEED + 1) fail('reset({ seed }) must seed the environment: call this.seedRandom(seed) first')
}

function checkNothingReused(env: Env): void {
  const actions = sampleActions(env)
  const [observation, info] = env.reset({ seed: SEED })
  const kept: { source: string; observation: unknown; info: unknown }[] = [{ source: 'reset()', observation, info }]
  for (const action of actions.slice(0, 2)) {
    const result = env.step(action)
    kept.push({ source: 'step()', observation: result[0], info: result[4] })
    if (result[2] || result[3]) break
  }
  const again = env.reset({ seed: SEED })
  kept.push({ source: 'reset()', observation: again[0], info: again[1] })
  for (const [i, later] of kept.entries()) {
    for (const earlier of kept.slice(0, i)) {
      for (const name of ['observation', 'info'] as const) {
        if (sharesData(earlier[name], later[name])) {
          fail(`${later.source} gave an ${name} that ${earlier.source} had given before; give a new object each time, callers keep them`)
        }
      }
    }
  }
}

function checkResume(env: Env): void {
  if (env.spec?.nondeterministic) return
  const actions = sampleActions(env)
  env.reset({ seed: SEED })
  let saved: StackState | undefined
  attempt('getState()', () => {
    saved = structuredClone(env.getState())
  })
  const first = trajectory(env, actions, () => null)
  attempt('setState(getState())', () => env.setState(saved!))
  const second = trajectory(env, actions, () => null)
  if (!same(first, second)) {
    fail(
      'after setState() the same actions must give the same numbers; keep the state in plain properties (not #private ones), or override saveOwn() and loadOwn()',
    )
  }
}

function checkRendering(env: Env, warn: (message: string) => void): void {
  if (env.renderMode !== null) checkFrame(env.renderMode, env.render())
  const id = env.spec?.id
  if (id === undefined || !registry.has(id)) {
    if (env.metadata.renderModes.length > 0) warn('the other render modes were not tried: the environment was not made by make()')
    return
  }
  for (const renderMode of env.metadata.renderModes) {
    const other = make(id, { ...env.spec!.kwargs, renderMode })
    other.reset({ seed: SEED })
    checkFrame(renderMode, other.render())
    other.close()
  }
}

/** Equal data: typed arrays, lists and objects by content, numbers bit for bit. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b)
  const keys = Object.keys(a)
  return (
    a.constructor === b.constructor &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}
