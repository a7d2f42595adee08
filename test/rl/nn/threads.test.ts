import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { addInto } from '../../../rl/nn/arrays.js'
import { Heap } from '../../../rl/nn/heap.js'
import { Mlp } from '../../../rl/nn/mlp.js'
import { fillNormal, seeded, worst } from './reference.js'
import type { Shard } from './shard-worker.js'

test('two threads on one memory compute shards that sum to the gradients of the whole, and never get the same memory', async () => {
  const heap = Heap.create()
  const description = { sizes: [4, 64, 64, 2], activation: 'tanh' as const }
  const n = 300
  const mlp = new Mlp(heap, description, { maxBatch: n })
  const random = seeded(1)
  const params = mlp.parameters()
  mlp.initialize(params, random, [1, 1, 1])
  const x = fillNormal(heap.float32(n * 4), random)
  const dOutput = fillNormal(heap.float32(n * 2), random, 1 / n)
  const whole = mlp.parameters()
  mlp.forward(params, x, n)
  mlp.backward(params, whole, x, dOutput, n)

  const shared = {
    memory: heap.memory,
    description,
    params: params.byteOffset,
    x: x.byteOffset,
    dOutput: dOutput.byteOffset,
    barrier: heap.int32(1).byteOffset,
    threads: 2,
  }
  const shards: Shard[] = [
    { ...shared, from: 0, n: 117 },
    { ...shared, from: 117, n: n - 117 },
  ]
  const workers = shards.map((workerData) => new Worker(new URL('./shard-worker.js', import.meta.url), { workerData }))
  const answers = await Promise.all(
    workers.map(async (worker) => {
      const [answer] = (await once(worker, 'message')) as [{ gradients: number; offsets: Int32Array }]
      await worker.terminate()
      return answer
    }),
  )
  const sum = mlp.parameters()
  for (const { gradients } of answers) addInto(sum, heap.viewFloat32(gradients, sum.length))
  assert.ok(worst(sum, whole) < 1e-6, `${worst(sum, whole)}`)
  assert.ok(sum.some((value) => Math.abs(value) > 1e-3))

  const offsets = answers.flatMap((answer) => [...answer.offsets]).sort((a, b) => a - b)
  assert.is(offsets.length, 40_000)
  assert.ok(offsets.every((offset, i) => i === 0 || offset - offsets[i - 1]! >= 128))
})

test.run()
