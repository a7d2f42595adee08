import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RunFolder, STEPS_TAG } from '../../../rl/experiment/run-folder.js'

const test = suite<{ path: string }>('run folder')
test.before.each((context) => {
  context.path = mkdtempSync(join(tmpdir(), 'gymnura-run-'))
})
test.after.each(({ path }) => rmSync(path, { recursive: true, force: true }))

const config = {
  algorithm: 'PPO',
  environmentId: 'CartPole-v1',
  seed: '1',
  totalSteps: 100,
  stopAtReturn: null,
  hyperparameters: { gamma: 0.9 },
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  )

test('a folder that holds a run is not written over', async ({ path }) => {
  ;(await RunFolder.create(path, config)).close()
  assert.is(await codeOf(RunFolder.create(path, config)), 'RL_RUN_EXISTS')
})

test('a reopened run has its newest checkpoint, and the rows up to it', async ({ path }) => {
  const run = await RunFolder.create(path, config)
  for (const steps of [10, 20, 30]) run.log({ [STEPS_TAG]: steps, loss: steps / 10 })
  await run.saveCheckpoint(10, Uint8Array.of(1))
  await run.saveCheckpoint(20, Uint8Array.of(2))
  run.close()
  const { folder, checkpoint } = await RunFolder.reopen(path)
  folder.log({ [STEPS_TAG]: 25, loss: 9 })
  folder.close()
  assert.equal([...checkpoint], [2])
  assert.equal(folder.config, config)
  const rows = readFileSync(join(path, 'metrics.jsonl'), 'utf8').trim().split('\n')
  assert.equal(
    rows.map((row) => JSON.parse(row)[STEPS_TAG]),
    [10, 20, 25],
  )
})

test('a row that a crash cut short is dropped when the run goes on', async ({ path }) => {
  const run = await RunFolder.create(path, config)
  run.log({ [STEPS_TAG]: 10 })
  await run.saveCheckpoint(50, Uint8Array.of(1))
  run.close()
  writeFileSync(join(path, 'metrics.jsonl'), `${JSON.stringify({ [STEPS_TAG]: 10 })}\n{"time/total_ti`)
  ;(await RunFolder.reopen(path)).folder.close()
  assert.is(readFileSync(join(path, 'metrics.jsonl'), 'utf8'), `${JSON.stringify({ [STEPS_TAG]: 10 })}\n`)
})

test('old checkpoints go, the last two stay', async ({ path }) => {
  const run = await RunFolder.create(path, config)
  for (const steps of [100, 20, 3000]) await run.saveCheckpoint(steps, Uint8Array.of(1))
  run.close()
  assert.equal(readdirSync(join(path, 'checkpoints')).sort(), ['100.safetensors', '3000.safetensors'])
})

test('a folder without a run, without a checkpoint or with a broken config is refused by name', async ({ path }) => {
  assert.is(await codeOf(RunFolder.reopen(join(path, 'nothing'))), 'RL_RUN_NOT_FOUND')
  ;(await RunFolder.create(path, config)).close()
  assert.is(await codeOf(RunFolder.reopen(path)), 'RL_RUN_NOT_FOUND')
  writeFileSync(join(path, 'config.json'), '{"algorithm": "PPO"')
  assert.is(await codeOf(RunFolder.reopen(path)), 'RL_RUN_INVALID')
  writeFileSync(join(path, 'config.json'), '{"algorithm": "PPO"}')
  assert.is(await codeOf(RunFolder.reopen(path)), 'RL_RUN_INVALID')
})

test.run()
