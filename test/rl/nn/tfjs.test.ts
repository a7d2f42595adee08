/** The same network, loss and optimiser in TensorFlow.js, from the same weights: outputs, gradients and ten updates agree to 1e-5. */
import '@tensorflow/tfjs-backend-cpu'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-layers' // registers the gradients of tfjs-core's operations
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Heap } from '../../../rl/nn/heap.js'
import { ppoCategorical, valueLoss } from '../../../rl/nn/losses.js'
import { Mlp } from '../../../rl/nn/mlp.js'
import { Adam } from '../../../rl/nn/optimizers.js'
import { fillNormal, seeded, worst } from './reference.js'

const N = 96
const CLIP = 0.2
const ENTROPY = 0.01
const VALUE = 0.5
const MAX_NORM = 0.5

for (const activation of ['tanh', 'relu'] as const) {
  test(`outputs, gradients and ten clipped PPO updates of a ${activation} actor and critic equal TensorFlow.js' to 1e-5`, async () => {
    await tf.setBackend('cpu')
    const heap = Heap.create()
    const random = seeded(7)
    const networks = [
      [6, 64, 64, 3],
      [6, 64, 64, 1],
    ].map((sizes) => new Mlp(heap, { sizes, activation }, { maxBatch: N }))
    const [actor, critic] = networks as [Mlp, Mlp]
    const params = heap.float32(actor.parameterCount + critic.parameterCount)
    const gradients = heap.float32(params.length)
    const halves = (all: Float32Array) => [all.subarray(0, actor.parameterCount), all.subarray(actor.parameterCount)] as const
    const [actorParams, criticParams] = halves(params)
    const [actorGradients, criticGradients] = halves(gradients)
    actor.initialize(actorParams, random, [Math.SQRT2, Math.SQRT2, 0.5])
    critic.initialize(criticParams, random, [Math.SQRT2, Math.SQRT2, 1])
    const named = (all: Float32Array) => {
      const [a, c] = halves(all)
      return [...actor.toTensors(a, 'actor'), ...critic.toTensors(c, 'critic')]
    }

    const x = fillNormal(heap.float32(N * 6), random)
    const actions = heap.int32(N)
    for (let i = 0; i < N; i++) actions[i] = random.integer(3)
    const oldLogProbs = fillNormal(heap.float32(N), random, 0.2).map((value) => value - Math.log(3))
    const old = heap.float32(N)
    old.set(oldLogProbs)
    const advantages = fillNormal(heap.float32(N), random)
    const returns = fillNormal(heap.float32(N), random)

    // TensorFlow.js: variables in PyTorch's shapes, multiplied transposed.
    const variables = new Map(named(params).map(({ name, shape, data }) => [name, tf.variable(tf.tensor(data.slice(), shape))]))
    const input = tf.tensor2d(x.slice(), [N, 6])
    const taken = tf.oneHot(tf.tensor1d(actions.slice(), 'int32'), 3)
    const tensor = (data: Float32Array) => tf.tensor1d(data.slice())
    const network = (prefix: string) => {
      const layer = (h: tf.Tensor, l: number) =>
        tf.add(
          tf.matMul(h as tf.Tensor2D, variables.get(`${prefix}.${l}.weight`) as unknown as tf.Tensor2D, false, true),
          variables.get(`${prefix}.${l}.bias`)!,
        )
      const bend = activation === 'tanh' ? tf.tanh : tf.relu
      return layer(bend(layer(bend(layer(input, 0)), 2)), 4)
    }
    const loss = (): tf.Scalar => {
      const logP = tf.logSoftmax(network('actor'))
      const ratio = tf.exp(tf.sub(tf.sum(tf.mul(logP, taken), 1), tensor(old)))
      const advantage = tensor(advantages)
      const policy = tf.neg(tf.mean(tf.minimum(tf.mul(ratio, advantage), tf.mul(tf.clipByValue(ratio, 1 - CLIP, 1 + CLIP), advantage))))
      const entropy = tf.neg(tf.mean(tf.sum(tf.mul(tf.exp(logP), logP), 1)))
      const error = tf.sub(tf.reshape(network('critic'), [N]), tensor(returns))
      return tf.addN([policy, tf.mul(entropy, -ENTROPY), tf.mul(tf.mean(tf.square(error)), VALUE)]) as tf.Scalar
    }
    const optimizer = tf.train.adam(1e-3, 0.9, 0.999, 1e-8)
    const adam = new Adam(heap, params.length)
    const dLogits = heap.float32(N * 3)
    const dValues = heap.float32(N)

    for (let update = 0; update < 10; update++) {
      const logits = actor.forward(actorParams, x, N)
      const values = critic.forward(criticParams, x, N)
      assert.ok(worst(logits, network('actor').dataSync()) < 1e-5)
      assert.ok(worst(values, network('critic').dataSync()) < 1e-5)
      ppoCategorical(
        { logits, actions, oldLogProbs: old, advantages, n: N, k: 3, clipRange: CLIP, entropyCoef: ENTROPY, total: N },
        dLogits,
        heap.float64(4),
      )
      valueLoss({ values, returns, n: N, coef: VALUE, total: N }, dValues)
      actor.backward(actorParams, actorGradients, x, dLogits, N)
      critic.backward(criticParams, criticGradients, x, dValues, N)

      const list = [...variables.values()]
      const { grads } = tf.variableGrads(loss, list)
      const theirs = list.map((variable) => grads[variable.name]!)
      named(gradients).forEach(({ name, data }, i) => {
        const error = worst(data, theirs[i]!.dataSync())
        assert.ok(error < 1e-5, `gradient of ${name}, update ${update}: ${error}`)
      })
      const norm = Math.sqrt(theirs.reduce((sum, g) => sum + tf.sum(tf.square(g)).dataSync()[0]!, 0))
      const clip = Math.min(1, MAX_NORM / (norm + 1e-6))
      optimizer.applyGradients(list.map((variable, i) => ({ name: variable.name, tensor: tf.mul(theirs[i]!, clip) })))
      const ours = adam.step(params, gradients, { learningRate: 1e-3, maxGradNorm: MAX_NORM })
      assert.ok(Math.abs(ours - norm) < 1e-5)
      named(params).forEach(({ name, data }) => {
        const error = worst(data, variables.get(name)!.dataSync())
        assert.ok(error < 1e-5, `${name} after update ${update}: ${error}`)
      })
    }
  })
}

test.run()
