/** Seconds and environment steps until PPO has solved CartPole-v1 (greedy mean return ≥ 475 over 100 fresh episodes), over five seeds. */
import { evaluate, PPO, stopWhenSolved } from 'gymnura/rl'

const THRESHOLD = 475
const SEEDS = [1, 2, 3, 4, 5]
/** Of training: seeds that the stopping rule has not seen. */
const CHECK_SEED = 1_000_000

export async function run(): Promise<object[]> {
  const rows = []
  for (const seed of SEEDS) {
    const agent = new PPO('CartPole-v1', { seed })
    const startedAt = performance.now()
    await agent.learn(undefined, { callbacks: [stopWhenSolved({ threshold: THRESHOLD })] })
    const seconds = (performance.now() - startedAt) / 1000
    const { meanReward } = await evaluate(agent.policy, 'CartPole-v1', { episodes: 100, seed: CHECK_SEED })
    rows.push({ seed, steps: agent.steps, seconds, stepsPerSecond: agent.steps / seconds, freshReturn: meanReward })
    console.log(
      `seed ${seed}: ${agent.steps} steps, ${seconds.toFixed(2)} s, ${Math.round(agent.steps / seconds)} steps/s, return of 100 other episodes ${meanReward.toFixed(1)}`,
    )
  }
  const seconds = rows.map((row) => row.seconds).sort((a, b) => a - b)
  console.log(`median ${seconds[2].toFixed(2)} s, from ${seconds[0].toFixed(2)} to ${seconds[4].toFixed(2)} s`)
  return rows
}
