import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeCheckpoint } from '../../../rl/experiment/checkpoint.js'
import { RunFolder, readRun, STEPS_TAG } from '../../../rl/experiment/run-folder.js'

const test = suite<{ path: string }>('run folder')
test.before.each((context) => {
  context.path = mkdtempSync(join(tmpdir(), 'gymnura-run-'))
})
test.after.each(({ path }) => rmSync(path, { recursive: true, force: true }))

const config = {
  algorithm: 'PPO',
  environmentId: 'CartPole-v1',
  module: null,
  seed: '1',
  hyperparameters: { gamma: 0.9 },
  fromStep: 0,
  totalSteps: 100,
  stopAtReturn: null,
}
const checkpoint = (steps: number) =>
  encodeCheckpoint({
    progressed: { steps, updates: 1, recent: [], solved: false, identity: '' },
    state: { own: new Map([[1, 'one']]), tensors: {} },
  })
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: { code?: string }) => error.code,
  )
const stepsLogged = (path: string) =>
  readFileSync(join(path, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((row) => JSON.parse(row)[STEPS_TAG])

test('a folder that holds a run is not written over', async ({ path }) => {
  await (await RunFolder.create(path, config)).close()
  assert.is(await codeOf(RunFolder.create(path, config)), 'RL_RUN_EXISTS')
})

test('one writer at a time: a folder in use is refused, and one whose writer is gone is taken over', async ({ path }) => {
  const first = await RunFolder.create(path, config)
  assert.is(await codeOf(RunFolder.reopen(path, config, 0)), 'RL_RUN_BUSY')
  await first.close()
  writeFileSync(join(path, 'run.lock'), '999999999')
  await (await RunFolder.reopen(path, config, 0)).close()
  assert.not.ok(existsSync(join(path, 'run.lock')))
})

test('a reopened run has its newest checkpoint, and the rows up to it', async ({ path }) => {
  const run = await RunFolder.create(path, config)
  for (const steps of [10, 20, 30]) run.log({ [STEPS_TAG]: steps, loss: steps / 10 })
  await run.saveCheckpoint(10, checkpoint(10))
  await run.saveCheckpoint(20, checkpoint(20))
  await run.close()
  const read = await readRun(path)
  assert.is(read.checkpoint.progressed.steps, 20)
  assert.equal(read.checkpoint.state.own, new Map([[1, 'one']]))
  assert.equal(read.config, config)
  const reopened = await RunFolder.reopen(path, config, 20)
  reopened.log({ [STEPS_TAG]: 25, loss: 9 })
  await reopened.close()
  assert.equal(stepsLogged(path), [10, 20, 25])
})

test('a checkpoint that is damaged is passed over for the older one', async ({ path }) => {
  const run = await RunFolder.create(path, config)
  await run.saveCheckpoint(512, checkpoint(512))
  await run.saveCheckpoint(600, checkpoint(600).subarray(0, 50))
  await run.close()
  assert.is((await readRun(path)).checkpoint.progressed.steps, 512)
  await (await RunFolder.reopen(path, config, 512)).close()
  assert.equal(readdirSync(join(path, 'checkpoints')), ['512.safetensors'])
})

test('rows that a crash cut short or that are no rows are dropped when the run goes on', async ({ path }) => {
  await (await RunFolder.create(path, config)).close()
  for (const rest of ['{"time/total_ti', 'null', '7']) {
    writeFileSync(join(path, 'metrics.jsonl'), `${JSON.stringify({ [STEPS_TAG]: 10 })}\n${rest}`)
    await (await RunFolder.reopen(path, config, 50)).close()
    assert.is(readFileSync(join(path, 'metrics.jsonl'), 'utf8'), `${JSON.stringify({ [STEPS_TAG]: 10 })}\n`)
  }
})

test('old checkpoints go, the last two stay', async ({ path }) => {
  const run = await RunFolder.create(path, config)
  for (const steps of [100, 20, 3000]) await run.saveCheckpoint(steps, checkpoint(steps))
  await run.close()
  assert.equal(readdirSync(join(path, 'checkpoints')).sort(), ['100.safetensors', '3000.safetensors'])
})

test('a folder without a run, without a checkpoint or with a broken config is refused by name', async ({ path }) => {
  assert.is(await codeOf(readRun(join(path, 'nothing'))), 'RL_RUN_NOT_FOUND')
  await (await RunFolder.create(path, config)).close()
  assert.is(await codeOf(readRun(path)), 'RL_RUN_NOT_FOUND')
  for (const broken of [
    '{"algorithm": "PPO"',
    '{"algorithm": "PPO"}',
    ...Object.entries({ seed: 'abc', totalSteps: -1, stopAtReturn: 'x' }).map(([name, value]) =>
      JSON.stringify({ ...config, [name]: value }),
    ),
  ]) {
    writeFileSync(join(path, 'config.json'), broken)
    assert.is(await codeOf(readRun(path)), 'RL_RUN_INVALID', broken)
  }
})

test('a folder that cannot be written is told with what to do', async ({ path }) => {
  writeFileSync(join(path, 'file'), '')
  const error = await RunFolder.create(join(path, 'file', 'run'), config).catch((error) => error)
  assert.is(error.code, 'RL_RUN_UNWRITABLE')
  assert.match(error.message, /choose another folder/)
})

test.run()
