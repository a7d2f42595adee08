import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ContainerListener } from '../../serve/containers/listener.js'
import { processHost } from '../../serve/containers/process-host.js'
import { SupervisedContainer } from '../../serve/containers/supervised.js'
import { evaluateWith, outcomeOf, SILENT, withContainer } from './scripted-container.js'
import { messageOf, until, withServer } from './tools.js'

test('a batch that hangs while the heart beats is given up after the limit, and the next life answers', () =>
  withContainer(
    {
      // Only the first life hangs: what the second one sees in its environment's folder is the same, so it is told by its start.
      reply: `({ batchId }) => (performance.timeOrigin < ${Date.now()} + 1500 ? null : answer(batchId, 5))`,
      limits: { batchMs: 1_000 },
    },
    async (container, deaths) => {
      await container.start()
      const lost = await outcomeOf(container, 1)
      assert.is(lost.outputs, null)
      assert.is(lost.reason, 'has not answered a batch for 1000 ms')
      await until(() => container.ready)
      assert.equal((await outcomeOf(container, 1)).outputs, [5])
      assert.is(deaths.length, 1)
    },
  ))

test('a container that floods the server with frames is ended', () =>
  withContainer(
    { afterReady: 'Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from(new FrameWriter().begin(99).end())))' },
    async (container, deaths) => {
      await container.start()
      await until(() => deaths.length > 0)
      assert.match(deaths[0]!, 'more than 1000 frames a heartbeat that answer nothing')
    },
  ))

test('a container that answers what it was not asked is ended', async () => {
  const outcome = await evaluateWith('({ batchId }) => [answer(batchId, 1, 2, 3), answer(batchId, 1, 2, 3)]')
  // The first reply is right, and counts.
  assert.equal(outcome.outputs, [1, 2, 3])
  await withContainer({ reply: '({ batchId }) => [answer(batchId, 1), answer(batchId, 1)]' }, async (container, deaths) => {
    await container.start()
    await outcomeOf(container, 1)
    await until(() => deaths.length > 0)
    assert.match(deaths[0]!, 'reply to batch 1, which is not open')
  })
})

test('replies may come out of order: each finds its batch', () =>
  withContainer(
    {
      hello: { maxInFlight: 2 },
      reply: `(() => { let held; return ({ batchId, count }) => {
        if (held === undefined) { held = { batchId, count }; return null }
        return [answer(batchId, ...Array(count).fill(batchId)), answer(held.batchId, ...Array(held.count).fill(held.batchId))]
      } })()`,
    },
    async (container) => {
      await container.start()
      assert.is(container.maxInFlight, 2)
      const [first, second] = await Promise.all([outcomeOf(container, 3), outcomeOf(container, 2)])
      assert.equal(first.outputs, [1, 1, 1])
      assert.equal(second.outputs, [2, 2])
    },
  ))

test('a reply larger than the limit is refused before it is gathered', () =>
  withContainer(
    {
      reply: '({ batchId }) => { const frame = Buffer.from(answer(batchId, 1)); frame.writeUInt32LE(1 << 30, 16); return frame }',
    },
    async (container, deaths) => {
      await container.start()
      const lost = await outcomeOf(container, 1)
      assert.match(lost.reason!, 'a frame of 1073741824 bytes')
      assert.is(deaths.length, 1)
    },
  ))

test('offsets that lead nowhere are not believed', async () => {
  const outputs = [{ name: 'words', type: 'strings', shape: [] }]
  const withOffsets = (...offsets: number[]) =>
    evaluateWith(
      `({ batchId }, writer, tag) => writer.begin(5, batchId, 3)
        .column(tag.OUTPUTS, { type: 'strings', elements: Buffer.from('abcdef'), offsets: Uint32Array.of(${offsets}) }).end()`,
      { outputs },
    )
  assert.is(Buffer.from((await withOffsets(0, 1, 3, 6)).outputs!).toString(), 'abcdef')
  assert.match((await withOffsets(0, 4, 3, 6)).reason!, 'offsets lead back')
  assert.match((await withOffsets(0, 1, 3, 7)).reason!, 'offsets do not lead from 0 to the end')
  assert.match((await withOffsets(0, 1, 6)).reason!, '12 bytes of offsets; expected 16')
})

test('a container that uses more memory than it may is ended, with the figure', async () => {
  if (process.platform !== 'linux') return
  await withContainer(
    {
      reply: '({ batchId }) => { globalThis.kept = Buffer.alloc(300 << 20, 1); return null }',
      limits: { memoryMB: 256 },
    },
    async (container) => {
      await container.start()
      const lost = await outcomeOf(container, 1)
      assert.match(lost.reason!, /uses \d+ MiB of memory; its limit is 256 MiB/)
    },
  )
})

test('a container whose next life says that its model takes something else is not believed', () =>
  withContainer({ ready: { inputSize: 1 }, reply: '() => process.exit(1)' }, async (container, deaths) => {
    const described = await container.start()
    assert.is(described.inputSize, 1)
    ;(described as { inputSize: number }).inputSize = 2
    await outcomeOf(container, 1)
    await until(() => deaths.length >= 2)
    assert.match(deaths[1]!, /this model's containers say/)
  }))

test('a container that is never heard of is given up after the limit that was set for it', async () => {
  const listener = new ContainerListener()
  const limits = { startMs: 400 }
  const idle = { command: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'] }
  const host = processHost(idle, limits, { ...SILENT, listener })
  const settings = { kind: 'policy', limits } as const
  const model = { model: 'test:1', artifact: new Uint8Array(0), isolation: 'process', settings } as const
  const container = new SupervisedContainer(model, () => host, SILENT)
  assert.match(await messageOf(container.start()), 'was not warm after 400 ms')
  await listener.close()
})

test('a model that runs inline and never answers holds nobody up for longer than its limit', () =>
  withServer(
    async (server, client) => {
      const sometimes = ([[x]]: Float32Array[]) => (x === 0 ? new Promise<number[]>(() => {}) : [7])
      const limits = { batchMs: 200 }
      await server.publish('sometimes', sometimes, { isolation: 'inline', batching: 'none', limits, application: false })
      await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 5_000 })
      await server.link('app', 'sometimes')
      const [hung, other] = await Promise.all([client.predict('app', [0]), client.predict('app', [1])])
      assert.is(hung.defaultExplanation, "The model's container has not answered a batch for 200 ms")
      assert.is(other.output, 7)
    },
    { allow: ['function'] },
  ))

test.run()
