import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { evaluate, PPO } from 'gymnura/rl'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite<{ path: string }>('PPO')
test.before.each((context) => {
  context.path = mkdtempSync(join(tmpdir(), 'gymnura-ppo-'))
})
test.after.each(({ path }) => rmSync(path, { recursive: true, force: true }))

const UPDATE = 8 * 32
const weights = (agent: PPO) => Buffer.from(agent.policy.toBytes())
const codeOf = (run: () => unknown) => {
  try {
    run()
  } catch (error) {
    return `${(error as { code?: string }).code}: ${(error as Error).message}`
  }
  return undefined
}

test('CartPole is solved within its preset: greedy mean return of at least 475 over 100 fresh episodes', async () => {
  const agent = new PPO('CartPole-v1', { seed: 1 })
  await agent.learn(undefined, { stopAtReturn: 475 })
  assert.ok(agent.steps < 100_000, `took ${agent.steps} steps`)
  const { meanReward, rewards } = await evaluate(agent.policy, 'CartPole-v1', { episodes: 100, seed: 123_456 })
  assert.is(rewards.length, 100)
  assert.ok(meanReward >= 450, `fresh episodes give ${meanReward}`)
})

test('the same seed gives the same weights to the bit, whatever the number of workers', async () => {
  const trained = []
  for (const numWorkers of [1, 2, 3]) {
    const agent = new PPO('CartPole-v1', { seed: 5, numWorkers, normalizeObservations: true })
    trained.push(weights(await agent.learn(4 * UPDATE)))
  }
  assert.ok(trained[0].equals(trained[1]))
  assert.ok(trained[0].equals(trained[2]))
})

test('another seed gives other weights', async () => {
  const [a, b] = [new PPO('CartPole-v1', { seed: 1 }), new PPO('CartPole-v1', { seed: 2 })]
  await a.learn(UPDATE)
  await b.learn(UPDATE)
  assert.not.ok(weights(a).equals(weights(b)))
})

test('a run that was stopped and resumed ends with the weights and the log of one that was not', async ({ path }) => {
  const options = { seed: 4, normalizeObservations: true }
  const [whole, parts] = [join(path, 'whole'), join(path, 'parts')]
  const unbroken = await new PPO('CartPole-v1', options).learn(6 * UPDATE, { logDir: whole })
  const abort = new AbortController()
  const stopAfterTwo = ({ steps }: { steps: number }) => {
    if (steps >= 2 * UPDATE) abort.abort()
  }
  await new PPO('CartPole-v1', options).learn(6 * UPDATE, { logDir: parts, signal: abort.signal, callbacks: [stopAfterTwo] })
  const resumed = await PPO.resume(parts)
  assert.is(resumed.steps, 2 * UPDATE)
  await resumed.learn()
  assert.is(resumed.steps, unbroken.steps)
  assert.ok(weights(resumed).equals(weights(unbroken)))
  const log = (folder: string) =>
    readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => ({ ...JSON.parse(line), 'time/fps': 0 }))
  assert.equal(log(parts), log(whole))
})

test('learning goes on where it stopped when learn is called again', async () => {
  const agent = new PPO('CartPole-v1', { seed: 4 })
  await agent.learn(2 * UPDATE)
  await agent.learn(2 * UPDATE)
  assert.is(agent.steps, 4 * UPDATE)
})

test('the policy in the run folder acts like the agent that wrote it', async ({ path }) => {
  const { loadPolicy } = await import('gymnura/rl')
  const agent = await new PPO('CartPole-v1', { seed: 2, normalizeObservations: true }).learn(4 * UPDATE, { logDir: path })
  const policy = await loadPolicy(join(path, 'policy.safetensors'))
  for (const x of [-1, -0.1, 0, 0.1, 1]) {
    const observation = [x, -x, x / 2, x]
    assert.is(policy.predict(observation, { deterministic: true })[0], agent.predict(observation, { deterministic: true })[0])
  }
  assert.is(policy.description.steps, agent.steps)
})

test('minibatches that do not divide the rollout are all used', async () => {
  const agent = new PPO('CartPole-v1', { seed: 1, numEnvs: 3, numSteps: 7, batchSize: 5, numEpochs: 2 })
  await agent.learn(50)
  assert.is(agent.steps, 63)
  assert.ok(agent.policy.predict([0, 0, 0, 0])[0] < 2)
})

test('a callback that throws ends the training with its error and leaves the agent usable', async () => {
  const agent = new PPO('CartPole-v1', { seed: 1 })
  const boom = () => {
    throw new Error('boom')
  }
  const error = await agent.learn(UPDATE, { callbacks: [boom] }).catch((error) => error)
  assert.is(error.message, 'boom')
  await agent.learn(UPDATE)
})

test('an unknown hyperparameter, one out of range and an unknown environment are refused with what to do', () => {
  const unknown = { seed: 1, gama: 0.9 } as { seed: number }
  assert.match(String(codeOf(() => new PPO('CartPole-v1', unknown))), /RL_OPTION: PPO has no option gama; did you mean gamma\?/)
  assert.match(String(codeOf(() => new PPO('CartPole-v1', { gamma: 2 }))), /RL_OPTION: PPO's gamma is 2; expected a number from 0 to 1/)
  assert.match(String(codeOf(() => new PPO('CartPole-v1', { numWorkers: 0 }))), /RL_OPTION: numWorkers is 0/)
  assert.match(String(codeOf(() => new PPO('CartPol-v1'))), /CartPole/)
})

test('a number of steps that is none is refused', async () => {
  const error = await new PPO('CartPole-v1', { seed: 1 }).learn(0).catch((error) => error)
  assert.is(error.code, 'RL_OPTION')
})

test.run()
