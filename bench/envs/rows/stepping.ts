/** Environments that take random actions, drawn beforehand, resets included: how many steps a second. */
import { make, makeVec, spaces, type VectorEnv } from 'gymnura/envs'

/** Those with a kernel. */
export const TASKS = [
  'CartPole-v1',
  'MountainCar-v0',
  'MountainCarContinuous-v0',
  'Pendulum-v1',
  'Acrobot-v1',
  'FrozenLake-v1',
  'FrozenLake8x8-v1',
  'CliffWalking-v1',
  'Taxi-v4',
  'Blackjack-v1',
  'MinAtar/Breakout-v1',
  'MinAtar/Asterix-v1',
  'MinAtar/Freeway-v1',
  'MinAtar/Seaquest-v1',
  'MinAtar/SpaceInvaders-v1',
] as const

export interface Stepping {
  /** Steps in one call of `run`. */
  readonly steps: number
  run(): void
}

/** Different sets of actions, used in turn. */
const ACTION_SETS = 64
const CALLS = 32

/** One environment as `make` gives it. */
export function single(id: string): Stepping {
  const env = make(id)
  env.actionSpace.seed(1)
  env.reset({ seed: 1 })
  const actions = Array.from({ length: 1024 }, () => env.actionSpace.sample())
  return {
    steps: actions.length,
    run() {
      for (const action of actions) {
        const result = env.step(action)
        if (result[2] || result[3]) env.reset()
      }
    },
  }
}

/** So many environments moved by a kernel (or Gymnasium's own vector class by ours, 'vector_entry_point'). */
export function vector(id: string, numEnvs: number, vectorizationMode: 'native' | 'vector_entry_point' = 'native'): Stepping {
  const envs = makeVec(id, { numEnvs, vectorizationMode }) as unknown as VectorEnv
  envs.reset({ seed: 1 })
  const space = envs.singleActionSpace
  space.seed(1)
  const one = () => {
    const action = space.sample()
    return typeof action === 'number' ? action : (action as ArrayLike<number>)[0]!
  }
  const kind = space instanceof spaces.Discrete ? Int32Array : Float32Array
  const sets = Array.from({ length: ACTION_SETS }, () => new kind(numEnvs).map(one))
  let at = 0
  return {
    steps: numEnvs * CALLS,
    run() {
      for (let call = 0; call < CALLS; call++) envs.step(sets[at++ % ACTION_SETS]!)
    },
  }
}

/** Steps a second over about so long. */
export function rate({ run, steps }: Stepping, milliseconds: number): number {
  const started = performance.now()
  let done = 0
  let elapsed = 0
  while (elapsed < milliseconds) {
    run()
    done += steps
    elapsed = performance.now() - started
  }
  return (1000 * done) / elapsed
}

export interface Measured {
  median: number
  low: number
  high: number
}

export function summary(values: readonly number[]): Measured {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: sorted[sorted.length >> 1]!, low: sorted[0]!, high: sorted.at(-1)! }
}

/** Steps a second, with as many digits as they are worth. */
export function shownRate(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(value >= 1e7 ? 1 : 2)} M`
  return value >= 1e3 ? `${(value / 1e3).toFixed(value >= 1e5 ? 0 : 1)} K` : value.toFixed(0)
}
