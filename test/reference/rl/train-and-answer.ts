/** Trains two short runs (with and without a normaliser) into the folder given, and writes what each policy answers to random observations. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RandomGenerator } from '../../../envs/seeding.js'
import { loadPolicy, PPO } from '../../../rl/index.js'

const OBSERVATIONS = 1_000
const folder = process.argv[2]

for (const normalizeObservations of [false, true]) {
  const name = normalizeObservations ? 'normalised' : 'plain'
  const agent = new PPO('CartPole-v1', { seed: 3, normalizeObservations })
  await agent.learn(4_096, { logDir: join(folder, name) })
  const policy = await loadPolicy(join(folder, name, 'policy.safetensors'))
  const random = new RandomGenerator(11)
  const observations = Float32Array.from({ length: OBSERVATIONS * policy.inputSize }, () => random.normal(0, 1.5))
  const { actions, probabilities, values } = policy.act(observations, OBSERVATIONS, { deterministic: true, extras: true })
  const answers = { observations, actions, probabilities, values }
  const plain = Object.entries(answers).map(([key, array]) => [key, Array.from(array ?? [])])
  writeFileSync(join(folder, name, 'answers.json'), JSON.stringify(Object.fromEntries(plain)))
}
