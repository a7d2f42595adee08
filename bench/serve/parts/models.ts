/** Five kinds of containers, from nearly free to dear, each a model of four numbers. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { PPO } from 'gymnura/rl'
import type { ModelSource, PublishOptions } from 'gymnura/serve'

export interface BenchModel {
  readonly name: string
  readonly source: ModelSource
  readonly options: PublishOptions
}

/** The policy of the figures in the README: 4-64-64-2, tanh. */
export async function policyModel(): Promise<BenchModel> {
  const agent = new PPO('CartPole-v1', { seed: 1 })
  await agent.learn(256)
  return { name: 'policy (SIMD)', source: agent.policy, options: {} }
}

const noop: BenchModel = {
  name: 'function, no-op',
  source: (inputs: Float32Array[]) => inputs.map(() => 0),
  options: { inputSize: 4, outputs: [{ name: 'y', type: 'integers', shape: [] }] },
}

/** A kernel machine: each input against 2,000 support vectors. A batch saves it nothing. */
export const kernelMachine: BenchModel = {
  name: 'function, kernel machine',
  source: (inputs: Float32Array[]) =>
    inputs.map((input) => {
      let sum = 0
      for (let vector = 0; vector < 2000; vector++) {
        let distance = 0
        for (let i = 0; i < 4; i++) distance += (input[i]! - Math.fround((vector * 7 + i) % 13) / 13) ** 2
        sum += (vector % 2 === 0 ? 1 : -1) * Math.exp(-distance)
      }
      return sum
    }),
  options: { inputSize: 4, outputs: [{ name: 'y', type: 'doubles', shape: [] }] },
}

async function tfjsModel(folder: string): Promise<BenchModel> {
  await tf.setBackend('cpu')
  const dense = (units: number) => layers.dense({ units, activation: 'tanh' })
  const model = sequential({ layers: [layers.dense({ units: 64, inputShape: [4], activation: 'tanh' }), dense(64), dense(2)] })
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      writeFileSync(join(folder, 'weights.bin'), Buffer.from(weightData as ArrayBuffer))
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }]
      writeFileSync(join(folder, 'model.json'), JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }))
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
    }),
  )
  return { name: 'TensorFlow.js', source: join(folder, 'model.json'), options: {} }
}

const PYTHON = `
import numpy as np
class Model:
    input_size = 4
    outputs = [{"name": "y", "type": "floats", "shape": [2]}]
    def __init__(self):
        r = np.random.default_rng(0)
        self.w = [r.normal(size=s).astype("f4") for s in ((4, 64), (64, 64), (64, 2))]
    def predict(self, batch):
        h = np.tanh(batch @ self.w[0])
        return np.tanh(h @ self.w[1]) @ self.w[2]
`

/** undefined where there is no Python with NumPy; $GYMNURA_PYTHON names another one than python3. */
function pythonModel(folder: string): BenchModel | undefined {
  const python = process.env.GYMNURA_PYTHON ?? 'python3'
  try {
    execFileSync(python, ['-c', 'import numpy'], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  writeFileSync(join(folder, 'mlp.py'), PYTHON)
  return { name: 'Python, NumPy', source: join(folder, 'mlp.py'), options: { python } }
}

/** What this machine has of them. */
export async function fiveKinds(folder: string): Promise<BenchModel[]> {
  const all = [noop, await policyModel(), pythonModel(folder), await tfjsModel(folder), kernelMachine]
  return all.filter((model) => model !== undefined)
}
