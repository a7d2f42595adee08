import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers'

/** A small layers model with random weights, saved to `folder` as TensorFlow.js writes it where it may write files. */
export async function saveDense(folder: string, inputs: number, outputs: number): Promise<{ model: LayersModel; file: string }> {
  await tf.setBackend('cpu')
  const hidden = layers.dense({ units: 5, inputShape: [inputs], activation: 'tanh' })
  const model = sequential({ layers: [hidden, layers.dense({ units: outputs })] })
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }]
      writeFileSync(join(folder, 'weights.bin'), Buffer.from(weightData as ArrayBuffer))
      writeFileSync(join(folder, 'model.json'), JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }))
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } }
    }),
  )
  return { model, file: join(folder, 'model.json') }
}
