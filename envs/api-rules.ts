/** The rules of the API that `PassiveEnvChecker` watches over and `checkEnv` tries out. Each throws what is broken, and warns of what is odd. */
import type { Env, Info, StepResult } from './env.js'
import { EnvError, NotANumber } from './errors.js'
import { Box, Space } from './spaces/index.js'

type Warn = (message: string) => void

function fail(message: string): never {
  throw new EnvError('ENVS_CHECK_FAILED', message)
}

/** @throws EnvError when one of the spaces is missing or is none */
export function checkSpaces(env: Env, warn: Warn): void {
  for (const name of ['actionSpace', 'observationSpace'] as const) {
    const space = env[name]
    if (!(space instanceof Space)) fail(`${env} needs an ${name} that extends Space, got ${String(space)}`)
    if (space instanceof Box && space.low.some((low: number, i: number) => low === space.high[i])) {
      warn(`the ${name} ${space} has a coordinate whose low equals its high`)
    }
  }
}

function checkObservation(env: Env, observation: unknown, method: string, warn: Warn): void {
  if (env.observationSpace.contains(observation)) return
  const shown = ArrayBuffer.isView(observation) || Array.isArray(observation) ? `[${observation}]` : String(observation)
  warn(`the observation that ${method}() gave is not in ${env.observationSpace}: ${shown}`)
}

/** @throws EnvError when the result is not [observation, info] */
export function checkReset(env: Env, result: [unknown, Info], warn: Warn): void {
  if (!Array.isArray(result) || result.length !== 2) fail(`reset() must give [observation, info], got ${describe(result)}`)
  if (!isInfo(result[1])) fail(`the info that reset() gives must be an object, got ${describe(result[1])}`)
  checkObservation(env, result[0], 'reset', warn)
}

/** @throws EnvError when the result is not [observation, reward, terminated, truncated, info] */
export function checkStep(env: Env, result: StepResult<unknown>, warn: Warn): void {
  if (!Array.isArray(result) || result.length !== 5)
    fail(`step() must give [observation, reward, terminated, truncated, info], got ${describe(result)}`)
  const [observation, reward, terminated, truncated, info] = result
  if (typeof reward !== 'number') fail(`the reward that step() gives must be a number, got ${describe(reward)}`)
  if (!Number.isFinite(reward) && !Number.isNaN(reward)) warn(`the reward is ${reward}`)
  if (typeof terminated !== 'boolean' || typeof truncated !== 'boolean') {
    fail(`terminated and truncated must be booleans, got ${describe(terminated)} and ${describe(truncated)}`)
  }
  if (!isInfo(info)) fail(`the info that step() gives must be an object, got ${describe(info)}`)
  checkObservation(env, observation, 'step', warn)
}

/** @throws NotANumber for a reward, or a part of an observation, that is NaN: from there on everything that is learned would be NaN */
export function refuseNaN(env: Env, method: 'reset' | 'step', observation: unknown, reward = 0): void {
  if (Number.isNaN(reward))
    throw new NotANumber(`the reward that step() of ${env.unwrapped} gave is NaN; a reward is a number, 0 where there is none`)
  if (hasNaN(observation))
    throw new NotANumber(
      `the observation that ${method}() of ${env.unwrapped} gave has NaN in it; look for a division by zero, or for a state that grew without bound`,
    )
}

function hasNaN(value: unknown): boolean {
  if (value instanceof Float32Array || value instanceof Float64Array) {
    // Not some(): this runs at every step.
    for (let i = 0; i < value.length; i++) if (Number.isNaN(value[i])) return true
    return false
  }
  if (typeof value === 'number') return Number.isNaN(value)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  return Object.values(value).some(hasNaN)
}

/** Users keep what they were given, so two calls must not give the same array or object. */
export function sharesData(first: unknown, second: unknown): boolean {
  if (ArrayBuffer.isView(first) && ArrayBuffer.isView(second)) {
    const overlap = first.byteOffset < second.byteOffset + second.byteLength && second.byteOffset < first.byteOffset + first.byteLength
    return first === second || (first.buffer === second.buffer && overlap && first.byteLength > 0)
  }
  return typeof first === 'object' && first !== null && first === second
}

/** @throws EnvError when the frame is not what the mode promises */
export function checkFrame(mode: string | null, frame: unknown): void {
  if (mode === 'rgb_array') {
    const { width, height, data } = (frame ?? {}) as { width?: unknown; height?: unknown; data?: unknown }
    if (!(data instanceof Uint8Array) || data.length !== Number(width) * Number(height) * 3) {
      fail(`render() in mode rgb_array must give { width, height, data } with 3 bytes a pixel, got ${describe(frame)}`)
    }
  } else if (mode === 'ansi' && typeof frame !== 'string') fail(`render() in mode ansi must give a string, got ${describe(frame)}`)
}

function isInfo(value: unknown): value is Info {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return `an array of ${value.length}`
  return value === null
    ? 'null'
    : typeof value === 'object'
      ? `a ${value.constructor?.name ?? 'object'}`
      : `${String(value)} (${typeof value})`
}
