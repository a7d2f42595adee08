/** How fast environments are, for looking at one's own; figures for others come from `bench/`. */
import type { Env } from './env.js'
import type { Seed } from './seeding.js'
import type { VectorEnv } from './vector/vector-env.js'

export interface BenchmarkOptions {
  /** Seconds to run for, about; 5 unless told. */
  targetDuration?: number
  /** Of the environment and of the sampled actions. */
  seed?: Seed
}

/** Calls `work` until the time is over; how many of what it counts came in a second. */
function perSecond(targetDuration: number, work: () => number): number {
  let count = 0
  const start = performance.now()
  const end = start + 1000 * targetDuration
  let now = start
  while (now <= end) {
    count += work()
    now = performance.now()
  }
  return (1000 * count) / (now - start)
}

/** Steps a second of one environment under sampled actions, resets included. */
export function benchmarkStep(env: Env, { targetDuration = 5, seed }: BenchmarkOptions = {}): number {
  if (seed !== undefined) env.actionSpace.seed(seed)
  env.reset(seed === undefined ? {} : { seed })
  return perSecond(targetDuration, () => {
    const [, , terminated, truncated] = env.step(env.actionSpace.sample())
    if (terminated || truncated) env.reset()
    return 1
  })
}

/** Steps a second of all environments together; with 'next-step' the steps that only reset do not count. */
export function benchmarkVectorStep(envs: VectorEnv<unknown>, { targetDuration = 5, seed }: BenchmarkOptions = {}): number {
  const begin = () => envs.reset(seed === undefined ? {} : { seed })
  const sample = () => envs.actionSpace.sample() as ArrayLike<number>
  if (seed !== undefined) envs.actionSpace.seed(seed)
  begin()
  envs.step(sample())
  begin()
  const ended = new Uint8Array(envs.numEnvs)
  return perSecond(targetDuration, () => {
    let steps = envs.numEnvs
    const [, , terminated, truncated] = envs.step(sample())
    if (envs.autoresetMode === 'next-step') for (let i = 0; i < ended.length; i++) steps -= ended[i]!
    let any = false
    for (let i = 0; i < ended.length; i++) {
      ended[i] = terminated[i]! | truncated[i]!
      any ||= ended[i] === 1
    }
    if (any && envs.autoresetMode === 'disabled') envs.reset({ options: { resetMask: ended } })
    return steps
  })
}

/** Environments made and reset for the first time in a second. */
export function benchmarkInit(make: () => Env, { targetDuration = 5, seed }: BenchmarkOptions = {}): number {
  return perSecond(targetDuration, () => {
    const env = make()
    env.reset(seed === undefined ? {} : { seed })
    env.close()
    return 1
  })
}

/** Calls of `render` in a second; the environment must have been reset. */
export function benchmarkRender(env: Env, { targetDuration = 5 }: Pick<BenchmarkOptions, 'targetDuration'> = {}): number {
  return perSecond(targetDuration, () => {
    env.render()
    return 1
  })
}
