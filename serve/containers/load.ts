import type { LoadSettings } from './kinds.js'
import type { LoadedModel } from './model.js'

/** Loads a model of a kind that runs in Node; each kind's file is read only where it is wanted. */
export async function loadModel(artifact: Uint8Array, settings: LoadSettings): Promise<LoadedModel> {
  switch (settings.kind) {
    // Code is not sent to other machines: who wants to serve something else there brings it along.
    case 'external':
    case 'policy':
      return (await import('./policy.js')).loadPolicyModel(artifact)
    case 'function':
      return (await import('./function.js')).loadFunctionModel(artifact, settings)
    case 'onnx':
      return (await import('./onnx.js')).loadOnnxModel(artifact, settings)
    case 'tfjs':
      return (await import('./tfjs.js')).loadTfjsModel(artifact, settings)
    case 'remote':
      return (await import('./remote.js')).loadRemoteModel(artifact, settings)
    default:
      throw new Error(`a model of kind "${settings.kind}" is not loaded by Node`)
  }
}
