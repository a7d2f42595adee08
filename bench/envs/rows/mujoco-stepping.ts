/**
 * MuJoCo's tasks, episodes of 50 steps from the same state with the same random controls: whole environment steps, and a bare loop of what
 * one needs of the simulation: `mj_step` (frameSkip times) and `mj_rnePostConstraint`.
 */
import { type MujocoEnv, make, makeVec, spec } from 'gymnura/envs'
import { mujoco } from '../../../envs/mujoco/load.js'
import { rate, type Stepping } from './stepping.js'

export const MUJOCO_TASKS = [
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
export type MujocoId = (typeof MUJOCO_TASKS)[number][0]

/** Steps from a start until the next. */
export const EPISODE = 50
/** V8 first runs a module's code as it came, then as it optimised it, which for 10 MB takes a while. */
const MODULE_WARM_UP_MS = 6000

export function warmUpMujoco(): void {
  rate(mujocoSteps('HalfCheetah-v5'), MODULE_WARM_UP_MS)
}

/** The controls of an episode. */
export function controlsOf(id: MujocoId): Float32Array[] {
  const env = make(id)
  env.actionSpace.seed(1)
  const controls = Array.from({ length: EPISODE }, () => env.actionSpace.sample() as Float32Array)
  env.close()
  return controls
}

export function mujocoSteps(id: MujocoId, controls = controlsOf(id)): Stepping {
  // Some fall within the controls, and are stepped on.
  const env = make<Float64Array, Float32Array>(spec(id).with({ orderEnforce: false }), { maxEpisodeSteps: -1 })
  return {
    steps: EPISODE,
    run() {
      env.reset({ seed: 1 })
      for (const control of controls) env.step(control)
    },
  }
}

/** The simulation's own calls and nothing else: no observation, no reward, no checks. */
export function bareMujocoSteps(id: MujocoId, frames: number, controls: readonly Float32Array[]): Stepping {
  const engine = mujoco()
  const env = make(id)
  env.reset({ seed: 1 })
  const { simulation } = env.unwrapped as unknown as MujocoEnv
  const { model, data } = simulation
  const [startQpos, startQvel] = [simulation.arrays.qpos.slice(), simulation.arrays.qvel.slice()]
  return {
    steps: EPISODE,
    run() {
      // Asked for again: another environment may have made the memory grow.
      const { qpos, qvel, ctrl } = simulation.arrays
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

/** As many environments over two worker threads as `makeVec` makes them, the same controls for all. */
export function mujocoOnWorkers(
  id: MujocoId,
  controls: readonly Float32Array[],
  workers: number,
  envsEach: number,
): Stepping & { end(): void } {
  const numEnvs = workers * envsEach
  const envs = makeVec(id, { numEnvs, vectorizationMode: 'async', numWorkers: workers, maxEpisodeSteps: -1 })
  const batches = controls.map((control) => {
    const batch = new Float32Array(numEnvs * control.length)
    for (let i = 0; i < numEnvs; i++) batch.set(control, i * control.length)
    return batch
  })
  return {
    steps: EPISODE * numEnvs,
    run() {
      envs.reset({ seed: 1 })
      for (const batch of batches) envs.step(batch)
    },
    end: () => envs.close(),
  }
}
