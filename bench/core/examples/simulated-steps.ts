/**
 * A hundred million simulated steps: actors each hold 1,024 CartPoles (one WebAssembly kernel) and step them under a random policy; the
 * driver hands out chunks to whichever actor is free. Episodes of a random policy are 22.2 steps long on average, which is the check.
 */
import { availableParallelism } from 'node:os'
import { type ActorHandle, actor, get, kill, type ObjectRef, wait } from '../../../core/index.js'
import { makeVec, type VectorEnv } from '../../../envs/index.js'
import { random } from './random.js'
import { report } from './report.js'

const ENVS = 1024
const STEPS_A_CHUNK = 512
/** Chunks asked of an actor ahead, so that it never waits for the driver. */
const AHEAD = 2
/** Mean length of an episode under uniformly random actions, and how far a finite sample of ours may be off. */
const MEAN_LENGTH = 22.2
const TOLERANCE = 1.5

interface Chunk {
  readonly steps: number
  readonly episodes: number
}

export class Simulator {
  private readonly envs: VectorEnv
  private readonly actions = new Int32Array(ENVS)
  private readonly draw: () => number

  constructor(seed: number) {
    this.envs = makeVec('CartPole-v1', { numEnvs: ENVS, vectorizationMode: 'native', autoresetMode: 'same-step' })
    this.envs.reset({ seed: seed * ENVS })
    this.draw = random(seed)
  }

  /** Steps all environments `steps` times; counts transitions and the episodes that ended. */
  simulate(steps: number): Chunk {
    let episodes = 0
    for (let step = 0; step < steps; step++) {
      for (let i = 0; i < ENVS; i += 32) {
        // 32 coin flips a draw.
        const bits = this.draw() * 2 ** 32
        for (let k = 0; k < 32; k++) this.actions[i + k] = (bits >>> k) & 1
      }
      const [, , terminated, truncated] = this.envs.step(this.actions)
      for (let i = 0; i < ENVS; i++) episodes += terminated[i] | truncated[i]
    }
    return { steps: steps * ENVS, episodes }
  }
}

const Simulators = actor(Simulator, { module: import.meta.url })

/** @param size steps to simulate, rounded up to whole chunks */
export async function main(size = 100_000_000): Promise<{ steps: number; episodes: number; stepsPerSecond: number }> {
  const simulators = Array.from({ length: availableParallelism() }, (_, i) => Simulators.remote(i))
  await get(simulators.map((simulator) => simulator.simulate.remote(1)))
  const start = performance.now()
  const running = new Map<ObjectRef<Chunk>, ActorHandle<Simulator>>()
  let asked = 0
  const ask = (simulator: ActorHandle<Simulator>) => {
    if (asked >= size) return
    asked += ENVS * STEPS_A_CHUNK
    running.set(simulator.simulate.remote(STEPS_A_CHUNK), simulator)
  }
  for (let i = 0; i < AHEAD; i++) for (const simulator of simulators) ask(simulator)
  let [steps, episodes] = [0, 0]
  while (running.size > 0) {
    const [[ready]] = await wait([...running.keys()])
    const simulator = running.get(ready)!
    running.delete(ready)
    ask(simulator)
    const chunk = await get(ready)
    steps += chunk.steps
    episodes += chunk.episodes
  }
  const stepsPerSecond = report('simulated steps', steps, 'steps', start)
  for (const simulator of simulators) await kill(simulator)
  const meanLength = steps / episodes
  if (steps < size || steps !== asked) throw new Error(`simulated steps: ${steps} were simulated, not ${asked}`)
  if (Math.abs(meanLength - MEAN_LENGTH) > TOLERANCE)
    throw new Error(`simulated steps: episodes are ${meanLength.toFixed(1)} steps long on average, not about ${MEAN_LENGTH}`)
  return { steps, episodes, stepsPerSecond }
}
