/**
 * MuJoCo's tasks beside a bare loop of `mj_step` (frameSkip times) and `mj_rnePostConstraint` on the same WebAssembly module, in turns:
 * steps a second, and what share of the bare loop's a whole environment step reaches. Both get the same random controls and start again
 * from the same states.
 */
import { type MujocoEnv, make, spec } from 'gymnura/envs'
import { mujoco } from '../../envs/mujoco/load.js'

const IDS = [
  ['HalfCheetah-v5', 5],
  ['Hopper-v5', 4],
  ['Walker2d-v5', 4],
  ['Ant-v5', 5],
  ['Humanoid-v5', 5],
  ['HumanoidStandup-v5', 5],
  ['Swimmer-v5', 4],
  ['Reacher-v5', 2],
  ['Pusher-v5', 5],
  ['InvertedPendulum-v5', 2],
  ['InvertedDoublePendulum-v5', 5],
] as const
const ROUNDS = 9
const WINDOW_MS = 100
/** Steps from a start until the next. */
const EPISODE = 50
/** V8 first runs a module's code as it came, then as it optimised it, which for 10 MB takes a while. */
const WARM_UP_MS = 1500
const MODULE_WARM_UP_MS = 6000

export interface MujocoRow {
  env: string
  stepsPerSecond: number
  bareStepsPerSecond: number
  /** Of the bare loop's steps; the median of the rounds' shares, the least and the most. */
  share: { median: number; low: number; high: number }
}

interface Work {
  /** So many episodes' steps. */
  run(): void
}

function environment(id: (typeof IDS)[number][0], controls: readonly Float32Array[]): Work {
  // Some fall within the controls, and are stepped on.
  const env = make<Float64Array, Float32Array>(spec(id).with({ orderEnforce: false }), { maxEpisodeSteps: -1 })
  return {
    run() {
      env.reset({ seed: 1 })
      for (const control of controls) env.step(control)
    },
  }
}

/** The simulation's own calls and nothing else: no observation, no reward, no checks. */
function bare(id: (typeof IDS)[number][0], frames: number, controls: readonly Float32Array[]): Work {
  const engine = mujoco()
  const env = make(id)
  env.reset({ seed: 1 })
  const { simulation } = env.unwrapped as unknown as MujocoEnv
  const { model, data } = simulation
  const { qpos, qvel, ctrl } = simulation.arrays
  const [startQpos, startQvel] = [qpos.slice(), qvel.slice()]
  return {
    run() {
      engine.mj_resetData(model, data)
      qpos.set(startQpos)
      qvel.set(startQvel)
      engine.mj_forward(model, data)
      for (const control of controls) {
        ctrl.set(control)
        for (let frame = 0; frame < frames; frame++) engine.mj_step(model, data)
        engine.mj_rnePostConstraint(model, data)
      }
    },
  }
}

/** Steps a second over about so long. */
function rate({ run }: Work, milliseconds: number): number {
  const started = performance.now()
  let steps = 0
  let elapsed = 0
  while (elapsed < milliseconds) {
    run()
    steps += EPISODE
    elapsed = performance.now() - started
  }
  return (1000 * steps) / elapsed
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

export async function run(): Promise<MujocoRow[]> {
  console.log(`${'environment'.padEnd(28)}${'steps/s'.padStart(10)}${'bare loop'.padStart(12)}   share of the bare loop`)
  rate(environment('HalfCheetah-v5', Array(EPISODE).fill(new Float32Array(6))), MODULE_WARM_UP_MS)
  return IDS.map(([env, frames]) => {
    const one = make(env)
    one.actionSpace.seed(1)
    const controls = Array.from({ length: EPISODE }, () => one.actionSpace.sample() as Float32Array)
    one.close()
    const works = [environment(env, controls), bare(env, frames, controls)] as const
    for (const work of works) rate(work, WARM_UP_MS / 2)
    const rounds = Array.from({ length: ROUNDS }, () => works.map((work) => rate(work, WINDOW_MS)) as [number, number])
    const shares = rounds.map(([ours, loop]) => ours / loop)
    const share = { median: median(shares), low: Math.min(...shares), high: Math.max(...shares) }
    const row = {
      env,
      stepsPerSecond: median(rounds.map(([ours]) => ours)),
      bareStepsPerSecond: median(rounds.map(([, loop]) => loop)),
      share,
    }
    const text = (value: number) => Math.round(value).toLocaleString('en')
    console.log(
      `${env.padEnd(28)}${text(row.stepsPerSecond).padStart(10)}${text(row.bareStepsPerSecond).padStart(12)}   ${share.median.toFixed(3)} (${share.low.toFixed(3)} … ${share.high.toFixed(3)})`,
    )
    return row
  })
}
