/**
 * The MinAtar games beside the package in the same run: steps a second on one core, with random actions drawn before, resets included.
 * GYMNURA_PYTHON names a Python with gymnasium==1.4.0 and MinAtar==1.0.15; without it only ours are measured.
 */
import { spawnSync } from 'node:child_process'
import { type Env, make, makeVec } from 'gymnura/envs'

const GAMES = ['Breakout', 'Asterix', 'Seaquest', 'Freeway', 'SpaceInvaders']
const SIZES = [8, 1024] as const
const ROUNDS = 3
const WINDOW_SECONDS = 0.5
const DRAWN = 1000

/** Prints the steps a second of the environment that gymnasium.make gives. */
const PYTHON = `
import random, sys, time, warnings
warnings.filterwarnings("ignore")
import gymnasium as gym, minatar.gym
if "MinAtar/Breakout-v1" not in gym.registry: minatar.gym.register_envs()
env = gym.make(sys.argv[1])
env.reset(seed=1)
actions = [random.randrange(int(env.action_space.n)) for _ in range(${DRAWN})]
steps, start = 0, time.perf_counter()
while time.perf_counter() - start < float(sys.argv[2]):
    for action in actions[:100]:
        if env.step(action)[2]: env.reset()
    steps += 100
print(steps / (time.perf_counter() - start))
`

function peer(python: string, id: string): number {
  const { stdout } = spawnSync(python, ['-c', PYTHON, id, `${WINDOW_SECONDS}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
  const rate = Number(stdout)
  if (!(rate > 0)) throw new Error('the Python of GYMNURA_PYTHON gave no figure; does it have gymnasium==1.4.0 and MinAtar==1.0.15?')
  return rate
}

/** Calls `work`, which does so many steps, until the window is over. */
function rate(steps: number, work: () => void): number {
  const started = performance.now()
  let done = 0
  for (; performance.now() - started < 1000 * WINDOW_SECONDS; done += steps) work()
  return (1000 * done) / (performance.now() - started)
}

const draw = (count: number, n: number) => Int32Array.from({ length: count }, () => Math.floor(Math.random() * n))

function single(id: string): () => number {
  const env: Env<Uint8Array, number> = make<Uint8Array, number>(id)
  env.reset({ seed: 1 })
  const actions = draw(DRAWN, (env.actionSpace as unknown as { n: number }).n)
  return () =>
    rate(DRAWN, () => {
      for (const action of actions) if (env.step(action)[2]) env.reset()
    })
}

function kernel(id: string, numEnvs: number): () => number {
  const envs = makeVec<Uint8Array>(id, { numEnvs, vectorizationMode: 'native', autoresetMode: 'same-step' })
  envs.reset({ seed: 1 })
  const n = (envs.singleActionSpace as unknown as { n: number }).n
  const actions = Array.from({ length: 16 }, () => draw(numEnvs, n))
  return () =>
    rate(actions.length * numEnvs, () => {
      for (const row of actions) envs.step(row)
    })
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

export interface MinAtarRow {
  env: string
  single: number
  kernel8: number
  kernel1024: number
  package: number | null
}

export function run(): MinAtarRow[] {
  const python = process.env.GYMNURA_PYTHON
  return GAMES.map((game) => {
    const env = `MinAtar/${game}-v1`
    const ways = [single(env), ...SIZES.map((size) => kernel(env, size))]
    for (const way of ways) way()
    const rounds = Array.from({ length: ROUNDS }, () => [...ways.map((way) => way()), python ? peer(python, env) : NaN])
    const [one, eight, many, theirs] = [0, 1, 2, 3].map((k) => median(rounds.map((round) => round[k]!))) as [number, number, number, number]
    const millions = (value: number) => (value / 1e6).toFixed(2).padStart(6)
    const times = (value: number) => (python ? ` (${Math.round(value / theirs)}×)` : '')
    console.log(
      `${env.padEnd(26)} single ${millions(one)}${times(one)}  kernel of 8 ${millions(eight)}${times(eight)}  of 1,024 ${millions(many)}${times(many)} M steps/s` +
        (python ? `; package ${Math.round(theirs).toLocaleString('en')} steps/s` : ''),
    )
    return { env, single: one, kernel8: eight, kernel1024: many, package: python ? theirs : null }
  })
}
