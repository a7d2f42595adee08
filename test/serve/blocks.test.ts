import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Block, type BlockResult } from '../../serve/batching/block.js'
import { Dispatcher, type EvaluationSink } from '../../serve/batching/dispatcher.js'
import { checkBatching } from '../../serve/batching/policies.js'
import type { BatchInputs, BatchReply, Container, ModelDescription } from '../../serve/containers/container.js'
import { makeContainer } from '../../serve/containers/containers.js'
import type { Column, Elements } from '../../serve/containers/element-types.js'
import { ContainerListener } from '../../serve/containers/listener.js'
import { allocateInputs, type Inputs } from '../../serve/query/inputs.js'
import { pushPolicy } from './policies.js'
import { SILENT } from './scripted-container.js'
import { messageOf, until } from './tools.js'

const description: ModelDescription = {
  inputType: 'floats',
  inputSize: 2,
  outputs: [
    { name: 'sum', type: 'floats', shape: [] },
    { name: 'twice', type: 'floats', shape: [2] },
  ],
}
const sink: EvaluationSink = { predicted: () => {}, dropped: () => {} }

/** Answers the sum of each row, and the row doubled; `answer` may spoil that, or hold it back. */
function summing(answer: (reply: BatchReply, done: (reply: BatchReply | null, reason?: string) => void) => void): Container {
  return {
    ready: true,
    maxInFlight: 1,
    restarts: 0,
    pid: undefined,
    onReady: () => {},
    start: async () => description,
    comeBack() {},
    stop: async () => {},
    evaluate(batch: BatchInputs, done) {
      const inputs = new Float32Array(batch.size * 2)
      batch.gather(inputs)
      const sums = Float32Array.from({ length: batch.size }, (_, row) => inputs[2 * row]! + inputs[2 * row + 1]!)
      const outputs = [sums, inputs.map((value) => 2 * value)].map((elements): Column => ({ type: 'floats', elements }))
      answer({ outputs: batch.wantsExtras ? outputs : outputs.slice(0, 1) }, done)
    },
  }
}

function rowsOf(values: readonly (readonly [number, number])[]): Inputs {
  const inputs = allocateInputs(values.length, 2)
  inputs.slab.floats.set(values.flat(), inputs.start)
  return inputs
}

function ask(dispatcher: Dispatcher, inputs: Inputs, wantsExtras = false, withinMs = 5_000): Promise<BlockResult> {
  return new Promise((resolve, reject) => {
    const ended = (result: BlockResult | null, error?: Error) => (result === null ? reject(error) : resolve(result))
    dispatcher.enqueueBlock(new Block('sum:1', inputs, description, wantsExtras, performance.now() + withinMs, ended))
  })
}

test('blocks are cut into batches of any size and put together again in order, with their extras', () =>
  fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }), fc.boolean(), async (sizes, extras) => {
      const dispatcher = new Dispatcher(description, [summing((reply, done) => setImmediate(done, reply))], 100, checkBatching(), sink)
      const blocks = sizes.map((size, block) => Array.from({ length: size }, (_, row) => [block, row] as [number, number]))
      const results = await Promise.all(blocks.map((rows, i) => ask(dispatcher, rowsOf(rows), extras && i % 2 === 0)))
      for (const [i, rows] of blocks.entries()) {
        assert.equal(
          [...results[i]![0]!.elements],
          rows.map(([a, b]) => a + b),
        )
        const twice = extras && i % 2 === 0 ? rows.flatMap(([a, b]) => [2 * a, 2 * b]) : undefined
        assert.equal(results[i]![1] && [...results[i]![1].elements], twice)
      }
      assert.is(dispatcher.queued, 0)
      const most = Math.max(...dispatcher.batchSizes.keys())
      assert.ok(most < sizes.reduce((sum, size) => sum + size, 0) || most === 1)
    }),
    { numRuns: 100 },
  ))

test('a block fails as a whole, with the row and the reason, and the rest of it is not evaluated', async () => {
  let batches = 0
  const spoilt = summing((reply, done) => {
    batches++
    const spoil = (elements: Elements) => elements.map((sum) => (sum === 8 ? Number.NaN : sum))
    setImmediate(done, { ...reply, outputs: reply.outputs.map((column) => ({ ...column, elements: spoil(column.elements) })) })
  })
  const dispatcher = new Dispatcher(description, [spoilt], 100, checkBatching(), sink)
  const rows = Array.from({ length: 1000 }, (_, row) => [row, row] as [number, number])
  assert.is(await messageOf(ask(dispatcher, rowsOf(rows))), 'sum:1 failed on the input: row 4: it answered a number that is not finite')
  await dispatcher.drained()
  assert.is(dispatcher.queued, 0)
  assert.ok(batches < 5)
})

test('rows that were lost with a container are tried again, three times at most', async () => {
  let losses = 1
  const losing = summing((reply, done) => (losses-- > 0 ? setImmediate(done, null, 'was lost') : setImmediate(done, reply)))
  const dispatcher = new Dispatcher(description, [losing], 100, checkBatching(), sink)
  assert.equal(
    [
      ...(
        await ask(
          dispatcher,
          rowsOf([
            [1, 2],
            [3, 4],
            [5, 6],
          ]),
        )
      )[0]!.elements,
    ],
    [3, 7, 11],
  )
  losses = 3
  assert.match(await messageOf(ask(dispatcher, rowsOf([[1, 2]]))), "The model's container was lost")
})

test('a block is answered by its deadline, and a late reply to it is nothing', async () => {
  const held: (() => void)[] = []
  const dispatcher = new Dispatcher(description, [summing((reply, done) => held.push(() => done(reply)))], 100, checkBatching(), sink)
  const late = messageOf(
    ask(
      dispatcher,
      rowsOf([
        [1, 2],
        [3, 4],
      ]),
      false,
      20,
    ),
  )
  await until(() => held.length === 1)
  assert.is(await late, 'sum:1 did not answer 2 rows within 20 ms')
  held.pop()!()
  assert.is(dispatcher.queued, 1)
  await dispatcher.drained()
  assert.is(dispatcher.queued, 0)
})

test('a policy in a process of its own gives its extras when they are asked for', async () => {
  const listener = new ContainerListener()
  const settings = { kind: 'policy', limits: {} } as const
  const container = makeContainer({ model: 'push:1', artifact: pushPolicy(), isolation: 'process', settings }, listener, SILENT)
  const { outputs } = await container.start()
  assert.equal(
    outputs.map(({ name, shape }) => [name, shape]),
    [
      ['action', []],
      ['probabilities', [2]],
      ['logProb', []],
    ],
  )
  const evaluate = (wantsExtras: boolean) =>
    new Promise<(number[] | undefined)[]>((resolve) => {
      const gather = (into: Elements) => into.set([0, 0, 0, 1])
      container.evaluate({ size: 1, wantsExtras, length: 4, offsets: () => undefined, gather }, (reply) => {
        resolve(reply!.outputs.map(({ elements }) => [...elements]))
      })
    })
  assert.equal(await evaluate(false), [[1]])
  const [action, probabilities, logProb] = await evaluate(true)
  assert.equal(action, [1])
  assert.ok(Math.abs(probabilities![1]! - 1 / (1 + Math.exp(-1))) < 1e-6)
  assert.ok(Math.abs(logProb![0]! - Math.log(probabilities![1]!)) < 1e-6)
  await container.stop()
  await listener.close()
})

test.run()
