/** The benchmark's work in TensorFlow.js on its WASM backend, one thread: an actor 4-64-64-2, a critic 4-64-64-1 and their PPO update. */
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-layers' // registers the gradients of tfjs-core's operations

const CLIP = 0.2
const ENTROPY = 0.01
const VALUE = 0.5
const MAX_NORM = 0.5

/** What each system does for its first n rows. */
export interface Work {
  update(n: number): void
  forward(n: number): void
}

function network(outputs: number): { variables: tf.Variable[]; forward(x: tf.Tensor2D): tf.Tensor2D } {
  const sizes = [4, 64, 64, outputs]
  const variables = sizes
    .slice(1)
    .flatMap((size, l) => [tf.variable(tf.randomNormal([sizes[l]!, size], 0, 1 / Math.sqrt(sizes[l]!))), tf.variable(tf.zeros([size]))])
  const layer = (x: tf.Tensor2D, l: number): tf.Tensor2D =>
    tf.add(tf.matMul(x, variables[2 * l] as unknown as tf.Tensor2D), variables[2 * l + 1]!)
  return { variables, forward: (x) => layer(tf.tanh(layer(tf.tanh(layer(x, 0)), 1)), 2) }
}

export async function tfjsWasm(): Promise<Work> {
  setThreadsCount(1)
  await tf.setBackend('wasm')
  await tf.ready()
  const actor = network(2)
  const critic = network(1)
  const variables = [...actor.variables, ...critic.variables]
  const optimizer = tf.train.adam(3e-4)
  const makeBatch = (n: number) => ({
    x: tf.randomNormal<tf.Rank.R2>([n, 4]),
    taken: tf.oneHot(tf.randomUniform<tf.Rank.R1>([n], 0, 2, 'int32'), 2),
    oldLogProbs: tf.fill<tf.Rank.R1>([n], Math.log(0.5)),
    advantage: tf.randomNormal<tf.Rank.R1>([n]),
    returns: tf.randomNormal<tf.Rank.R1>([n]),
  })
  // Made at the first call of a size, which is a warm-up.
  const batches = new Map<number, ReturnType<typeof makeBatch>>()
  const batchOf = (n: number) => {
    const batch = batches.get(n) ?? makeBatch(n)
    batches.set(n, batch)
    return batch
  }

  const update = (n: number) => {
    const { x, taken, oldLogProbs, advantage, returns } = batchOf(n)
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => {
        const logP = tf.logSoftmax(actor.forward(x))
        const ratio = tf.exp(tf.sub(tf.sum(tf.mul(logP, taken), 1), oldLogProbs))
        const bounded = tf.mul(tf.clipByValue(ratio, 1 - CLIP, 1 + CLIP), advantage)
        const policy = tf.neg(tf.mean(tf.minimum(tf.mul(ratio, advantage), bounded)))
        const entropy = tf.neg(tf.mean(tf.sum(tf.mul(tf.exp(logP), logP), 1)))
        const error = tf.sub(tf.reshape(critic.forward(x), [n]), returns)
        return tf.addN([policy, tf.mul(entropy, -ENTROPY), tf.mul(tf.mean(tf.square(error)), VALUE)]) as tf.Scalar
      }, variables)
      const norm = tf.sqrt(tf.addN(variables.map(({ name }) => tf.sum(tf.square(grads[name]!)))))
      const clip = tf.minimum(1, tf.div(MAX_NORM, tf.add(norm, 1e-6)))
      optimizer.applyGradients(variables.map(({ name }) => ({ name, tensor: tf.mul(grads[name]!, clip) })))
      // What was computed must be there before the clock stops.
      variables[0]!.dataSync()
    })
  }
  const forward = (n: number) => {
    const { x } = batchOf(n)
    tf.tidy(() => {
      actor.forward(x).dataSync()
    })
  }
  return { update, forward }
}
