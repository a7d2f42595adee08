/**
 * MuJoCo's tasks beside a bare loop of `mj_step` (frameSkip times) and `mj_rnePostConstraint` on the same WebAssembly module, in turns:
 * steps a second, and what share of the bare loop's a whole environment step reaches.
 */
import { bareMujocoSteps, controlsOf, MUJOCO_TASKS, mujocoSteps, warmUpMujoco } from './rows/mujoco-stepping.js'
import { type Measured, rate, summary } from './rows/stepping.js'

const ROUNDS = 9
const WINDOW_MS = 100
const WARM_UP_MS = 750

export interface MujocoRow {
  env: string
  stepsPerSecond: number
  bareStepsPerSecond: number
  /** Of the bare loop's steps; the median of the rounds' shares, the least and the most. */
  share: Measured
}

export function run(): MujocoRow[] {
  console.log(`${'environment'.padEnd(28)}${'steps/s'.padStart(10)}${'bare loop'.padStart(12)}   share of the bare loop`)
  warmUpMujoco()
  return MUJOCO_TASKS.map(([env, frames]) => {
    const controls = controlsOf(env)
    const works = [mujocoSteps(env, controls), bareMujocoSteps(env, frames, controls)] as const
    for (const work of works) rate(work, WARM_UP_MS)
    const rounds = Array.from({ length: ROUNDS }, () => works.map((work) => rate(work, WINDOW_MS)) as [number, number])
    const row = {
      env,
      stepsPerSecond: summary(rounds.map(([ours]) => ours)).median,
      bareStepsPerSecond: summary(rounds.map(([, loop]) => loop)).median,
      share: summary(rounds.map(([ours, loop]) => ours / loop)),
    }
    const { share } = row
    const text = (value: number) => Math.round(value).toLocaleString('en')
    console.log(
      `${env.padEnd(28)}${text(row.stepsPerSecond).padStart(10)}${text(row.bareStepsPerSecond).padStart(12)}   ${share.median.toFixed(3)} (${share.low.toFixed(3)} … ${share.high.toFixed(3)})`,
    )
    return row
  })
}
