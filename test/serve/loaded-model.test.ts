import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { BatchReply } from '../../serve/containers/container.js'
import { evaluate, type LoadedModel } from '../../serve/containers/model.js'

const description = { inputType: 'floats', inputSize: 1, outputs: [{ name: 'pair', type: 'floats', shape: [2] }] } as const

/** Answers two numbers for a whole batch, however many inputs it has: its sum, and its sum again. */
const summing = (isLate: boolean): LoadedModel => ({
  description,
  evaluate({ elements }) {
    const sum = Array.from(elements).reduce((all, one) => all + one, 0)
    const reply = { outputs: [{ type: 'floats', elements: Float32Array.of(sum, sum) }] } as const
    return isLate ? Promise.resolve(reply) : reply
  },
})

for (const isLate of [false, true])
  test(`a model whose outputs do not fit the batch is asked one by one, ${isLate ? 'late' : 'at once'}`, async () => {
    const reply: BatchReply = await evaluate(summing(isLate), { type: 'floats', elements: Float32Array.of(1, 2, 3) }, 3, false)
    assert.equal([...reply.outputs[0]!.elements], [1, 1, 2, 2, 3, 3])
    assert.equal([...(reply.statuses ?? [])], [0, 0, 0])
  })

test('one whose outputs do not even fit one input fails on each of them, with what was expected', async () => {
  const single: LoadedModel = { description, evaluate: () => ({ outputs: [{ type: 'floats', elements: Float32Array.of(1) }] }) }
  const { statuses, errors } = await evaluate(single, { type: 'floats', elements: Float32Array.of(1, 2) }, 2, false)
  assert.equal([...statuses!], [1, 1])
  assert.is(errors![1], 'reply of 1 items, 1 elements of output "pair"; expected 2')
})

test.run()
