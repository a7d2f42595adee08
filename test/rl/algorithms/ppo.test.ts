import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { register, registry } from 'gymnura/envs'
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

test('a run that began after other training is resumed to the same end as one that was not stopped', async ({ path }) => {
  const unbroken = new PPO('CartPole-v1', { seed: 4 })
  await unbroken.learn(2 * UPDATE)
  await unbroken.learn(4 * UPDATE)
  const stopped = new PPO('CartPole-v1', { seed: 4 })
  await stopped.learn(2 * UPDATE)
  await stopped.learn(4 * UPDATE, { logDir: path, callbacks: [({ steps }) => steps < 3 * UPDATE] })
  const resumed = await PPO.resume(path)
  await resumed.learn()
  assert.is(resumed.steps, unbroken.steps)
  assert.ok(weights(resumed).equals(weights(unbroken)))
})

test('resuming a run that has ended changes nothing, and a new total extends it', async ({ path }) => {
  await new PPO('CartPole-v1', { seed: 1 }).learn(2 * UPDATE, { logDir: path })
  const before = readFileSync(join(path, 'policy.safetensors'))
  const again = await (await PPO.resume(path)).learn()
  assert.is(again.steps, 2 * UPDATE)
  assert.ok(readFileSync(join(path, 'policy.safetensors')).equals(before))
  await (await PPO.resume(path)).learn(3 * UPDATE)
  assert.is((await PPO.resume(path)).steps, 3 * UPDATE)
})

test('a run that was solved stays solved when it is resumed', async ({ path }) => {
  const solved = await new PPO('CartPole-v1', { seed: 1 }).learn(20_000, { logDir: path, stopAtReturn: 10 })
  assert.ok(solved.solved)
  const again = await (await PPO.resume(path)).learn()
  assert.is(again.steps, solved.steps)
})

test('a run that fails at its first update can be resumed', async ({ path }) => {
  const boom = () => {
    throw new Error('boom')
  }
  await new PPO('CartPole-v1', { seed: 4 }).learn(4 * UPDATE, { logDir: path, callbacks: [boom] }).catch(() => {})
  const resumed = await (await PPO.resume(path)).learn()
  const unbroken = await new PPO('CartPole-v1', { seed: 4 }).learn(4 * UPDATE)
  assert.ok(weights(resumed).equals(weights(unbroken)))
})

test('a run whose config was changed after its checkpoint is refused', async ({ path }) => {
  await new PPO('CartPole-v1', { seed: 1 }).learn(UPDATE, { logDir: path })
  const config = JSON.parse(readFileSync(join(path, 'config.json'), 'utf8'))
  for (const change of [{ seed: '2' }, { hyperparameters: { ...config.hyperparameters, numSteps: 16 } }]) {
    writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, ...change }))
    assert.is((await PPO.resume(path).catch((error) => error)).code, 'RL_RUN_INVALID')
  }
})

test('an agent that is learning refuses to begin again, from inside and beside, and the first goes on unharmed', async () => {
  const agent = new PPO('CartPole-v1', { seed: 6 })
  const codes: string[] = []
  const inside = async () => {
    await agent.learn(UPDATE).catch((error) => codes.push(error.code))
  }
  const first = agent.learn(2 * UPDATE, { callbacks: [inside] })
  await agent.learn(UPDATE).catch((error) => codes.push(error.code))
  await first
  assert.equal(codes, ['RL_BUSY', 'RL_BUSY', 'RL_BUSY'])
  const alone = await new PPO('CartPole-v1', { seed: 6 }).learn(2 * UPDATE)
  assert.ok(weights(agent).equals(weights(alone)))
})

test('an environment from a module of its own is trained on by workers that import it', async ({ path }) => {
  const module = new URL('./corridor.js', import.meta.url)
  await import(module.href)
  const agent = new PPO('Corridor-v0', { seed: 1, module, numSteps: 32 })
  await agent.learn(5_000, { logDir: path })
  assert.ok(agent.meanReturn! > 0.5, `return ${agent.meanReturn}`)
  assert.is((await PPO.resume(path)).environmentId, 'Corridor-v0')
})

test('an environment that only the driver knows, or knows otherwise, is refused instead of training on another', async () => {
  const { Corridor } = await import('./corridor.js')
  register({ id: 'Elsewhere-v0', entryPoint: Corridor, maxEpisodeSteps: 10 })
  const absent = await new PPO('Elsewhere-v0', { seed: 1 }).learn(UPDATE).catch((error) => error)
  assert.match(
    absent.message,
    /Elsewhere-v0 cannot be stepped by worker threads: it is not registered there; put register\(\) into a module/,
  )
  const original = registry.get('CartPole-v1')!
  try {
    registry.delete('CartPole-v1')
    register({ id: 'CartPole-v1', entryPoint: Corridor, maxEpisodeSteps: 10 })
    const replaced = await new PPO('CartPole-v1', { seed: 1 }).learn(UPDATE).catch((error) => error)
    assert.match(replaced.message, /another one is registered under this id there/)
  } finally {
    registry.set('CartPole-v1', original)
  }
})

test('training that diverges is told as that', async () => {
  const error = await new PPO('CartPole-v1', { seed: 1, learningRate: 1e30 }).learn(10_000).catch((error) => error)
  assert.is(error.code, 'RL_DIVERGED')
})

test('the largest seeds work, in every worker', async () => {
  await new PPO('CartPole-v1', { seed: Number.MAX_SAFE_INTEGER }).learn(UPDATE)
  await new PPO('CartPole-v1', { seed: 2n ** 127n }).learn(UPDATE)
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
  assert.match(String(codeOf(() => new PPO('CartPole-v1', { gamma: 2 }))), /RL_OPTION: PPO: gamma is 2; expected a number from 0 to 1/)
  assert.match(String(codeOf(() => new PPO('CartPole-v1', { gamma: Number.NaN }))), /gamma is NaN/)
  assert.match(String(codeOf(() => new PPO('CartPole-v1', { numEnvs: 1e9 }))), /RL_OPTION: PPO: numEnvs 1000000000.*need more memory/)
  assert.match(String(codeOf(() => new PPO('CartPole-v1', { numWorkers: 0 }))), /RL_OPTION: numWorkers is 0/)
  assert.match(String(codeOf(() => new PPO('CartPol-v1'))), /CartPole/)
})

test('a number of steps that is none is refused', async () => {
  const error = await new PPO('CartPole-v1', { seed: 1 }).learn(0).catch((error) => error)
  assert.is(error.code, 'RL_OPTION')
})

test('an option of learn that does not exist or is of the wrong kind is refused', async () => {
  const agent = new PPO('CartPole-v1', { seed: 1 })
  for (const options of [
    { stopAtRetrun: 1 },
    { stopAtReturn: '475' },
    { logDir: '' },
    { callbacks: [5] },
    { signal: 5 },
    { progress: {} },
    null,
  ]) {
    assert.is((await agent.learn(UPDATE, options as object).catch((error) => error)).code, 'RL_OPTION', JSON.stringify(options))
  }
  assert.is(agent.steps, 0)
})

test.run()
