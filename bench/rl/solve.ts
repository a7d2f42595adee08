/** Seconds and environment steps until PPO has solved CartPole-v1 (greedy mean return ≥ 475 over 100 fresh episodes), over five seeds. */
import { type Callback, evaluate, PPO } from 'gymnura/rl'
import { lineChart } from '../chart.js'

const THRESHOLD = 475
const SEEDS = [1, 2, 3, 4, 5]
/** Of the last check: seeds that the stopping rule has not seen. */
const CHECK_SEED = 1_000_000

interface Row {
  readonly seed: number
  readonly steps: number
  readonly seconds: number
  readonly stepsPerSecond: number
  /** Greedy mean return of 100 episodes that neither training nor its stopping rule saw. */
  readonly freshReturn: number
  /** [environment steps, greedy mean return of 100 fresh episodes], from the untrained policy to the last check */
  readonly curve: readonly [number, number][]
}

export async function run(): Promise<Row[]> {
  const rows: Row[] = []
  for (const seed of SEEDS) {
    const agent = new PPO('CartPole-v1', { seed })
    const untrained = await evaluate(agent.policy, 'CartPole-v1', { episodes: 100, seed: CHECK_SEED })
    const curve: [number, number][] = [[0, untrained.meanReward]]
    const record: Callback = ({ steps, metrics }) => {
      if ('eval/mean_reward' in metrics) curve.push([steps, metrics['eval/mean_reward']])
    }
    const startedAt = performance.now()
    await agent.learn(undefined, { callbacks: [record], stopAtReturn: THRESHOLD })
    const seconds = (performance.now() - startedAt) / 1000
    const { meanReward } = await evaluate(agent.policy, 'CartPole-v1', { episodes: 100, seed: CHECK_SEED })
    const stepsPerSecond = Math.round(agent.steps / seconds)
    rows.push({ seed, steps: agent.steps, seconds, stepsPerSecond, freshReturn: meanReward, curve })
    console.log(
      `seed ${seed}: ${agent.steps} steps, ${seconds.toFixed(2)} s, ${stepsPerSecond} steps/s, return of 100 other episodes ${meanReward.toFixed(1)}`,
    )
  }
  const seconds = rows.map((row) => row.seconds).sort((a, b) => a - b)
  console.log(`median ${seconds[2].toFixed(2)} s, from ${seconds[0].toFixed(2)} to ${seconds[4].toFixed(2)} s`)
  return rows
}

export function chart(rows: Row[]): string {
  return lineChart({
    title: 'PPO on CartPole-v1 until solved, five seeds',
    x: 'environment steps',
    y: 'greedy mean return, 100 fresh episodes',
    mark: { y: THRESHOLD, label: `solved: ${THRESHOLD}` },
    lines: rows.map(({ seed, seconds, curve }) => ({ label: `seed ${seed}: ${seconds.toFixed(1)} s`, points: curve })),
  })
}
