import type { BatchReply, ModelDescription, OutputDescription } from './container.js'
import { type Column, type ElementType, makeElements, sizeOf } from './element-types.js'
import type { LoadSettings } from './kinds.js'
import type { LoadedModel } from './model.js'
import { requireRuntime } from './runtime.js'
import { unpackTfjs } from './tfjs-files.js'

/** What is used of TensorFlow.js. */
interface Tensor {
  readonly dtype: string
  readonly shape: readonly number[]
  data(): Promise<ArrayLike<number>>
  dispose(): void
}
interface Core {
  setBackend(name: string): Promise<boolean>
  ready(): Promise<void>
  tensor(values: ArrayLike<number>, shape: readonly number[], dtype: string): Tensor
  readonly io: { fromMemory(artifacts: object): unknown }
}
interface Model {
  readonly inputs: readonly { readonly name: string; readonly shape?: readonly (number | null)[]; readonly dtype?: string }[]
  readonly outputs: readonly { readonly name: string }[]
  predict(input: Tensor): Tensor | Tensor[] | Record<string, Tensor>
  executeAsync?(input: Tensor): Promise<Tensor | Tensor[]>
  dispose(): void
}
interface Loader {
  loadLayersModel(handler: unknown): Promise<Model>
  loadGraphModel(handler: unknown): Promise<Model>
}

const WARM_ROUNDS = 10
const NATIVE = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node', '@tensorflow/tfjs']

/** The fastest TensorFlow.js that is installed, and what loads a model of the format. */
async function tensorflow(format: string): Promise<readonly [Core, Loader]> {
  try {
    const [, whole] = await requireRuntime('a model of kind "tfjs"', NATIVE)
    await (whole as Core).ready()
    return [whole as Core, whole as Loader]
  } catch (error) {
    if ((error as { code?: string }).code !== 'RUNTIME_MISSING') throw error
  }
  const [, core] = await requireRuntime('a model of kind "tfjs"', ['@tensorflow/tfjs-core', '@tensorflow/tfjs'])
  const [backend] = await requireRuntime('a model of kind "tfjs"', [
    '@tensorflow/tfjs-backend-wasm',
    '@tensorflow/tfjs-backend-cpu',
    '@tensorflow/tfjs',
  ])
  await (core as Core).setBackend(backend.slice('@tensorflow/tfjs-backend-'.length))
  await (core as Core).ready()
  const [, loader] = await requireRuntime('a model of kind "tfjs"', [
    format === 'graph-model' ? '@tensorflow/tfjs-converter' : '@tensorflow/tfjs-layers',
  ])
  return [core as Core, loader as Loader]
}

/** A TensorFlow.js model, layers or graph, of one input, whose first dimension is the batch. @throws ServeError `RUNTIME_MISSING` */
export async function loadTfjsModel(artifact: Uint8Array, settings: LoadSettings): Promise<LoadedModel> {
  const artifacts = unpackTfjs(artifact)
  const [core, loader] = await tensorflow(artifacts.format)
  const handler = core.io.fromMemory(artifacts)
  const model = artifacts.format === 'graph-model' ? await loader.loadGraphModel(handler) : await loader.loadLayersModel(handler)
  const loaded = new TfjsModel(core, model, settings)
  await loaded.warm()
  return loaded
}

class TfjsModel implements LoadedModel {
  description!: ModelDescription
  readonly #shape: readonly number[]
  readonly #dtype: string

  constructor(
    private readonly core: Core,
    private readonly model: Model,
    { inputSize }: LoadSettings,
  ) {
    const [input, ...more] = model.inputs
    if (input === undefined || more.length > 0) throw new Error(`the model has ${model.inputs.length} inputs; expected one`)
    const sizes = (input.shape ?? [null, null]).slice(1)
    const isFree = (size: number | null) => size === null || size < 0
    const free = sizes.filter(isFree).length
    const known = sizeOf(sizes.map((size) => (isFree(size) ? 1 : size!)))
    if (free > 1 || (free === 1 && inputSize === undefined)) {
      throw new Error(
        `the model's input has shape [${input.shape?.map((size) => size ?? '?').join(', ')}]; say how large it is with inputSize`,
      )
    }
    this.#shape = sizes.map((size) => (isFree(size) ? inputSize! / known : size!))
    this.#dtype = input.dtype === 'int32' ? 'int32' : 'float32'
  }

  /** What a model gives is seen by asking it. */
  async warm(): Promise<void> {
    const inputType = this.#dtype === 'int32' ? 'integers' : 'floats'
    const inputSize = sizeOf(this.#shape)
    const zeros = { type: inputType, elements: makeElements(inputType, inputSize) } as const
    const seen = await this.#run(zeros, 1)
    const outputs = seen.map(({ dtype, shape }, index): OutputDescription => {
      if (shape[0] !== 1) throw new Error(`output ${index} has shape [${shape.join(', ')}] for one input; expected a first dimension of 1`)
      return { name: this.model.outputs[index]?.name ?? `output_${index}`, type: elementType(dtype), shape: shape.slice(1) }
    })
    for (const tensor of seen) tensor.dispose()
    this.description = { inputType, inputSize, outputs }
    for (let round = 0; round < WARM_ROUNDS; round++) await this.evaluate(zeros, 1, true)
  }

  async #run({ elements }: Column, size: number): Promise<Tensor[]> {
    const input = this.core.tensor(elements, [size, ...this.#shape], this.#dtype)
    try {
      const answer = this.model.predict(input)
      if (Array.isArray(answer)) return answer
      return typeof (answer as Tensor).data === 'function' ? [answer as Tensor] : Object.values(answer as Record<string, Tensor>)
    } finally {
      input.dispose()
    }
  }

  async evaluate(inputs: Column, size: number, wantsExtras: boolean): Promise<BatchReply> {
    const answers = await this.#run(inputs, size)
    try {
      const wanted = wantsExtras ? answers : answers.slice(0, 1)
      const outputs = await Promise.all(
        wanted.map(async (tensor): Promise<Column> => {
          const data = await tensor.data()
          const type = elementType(tensor.dtype)
          const elements = makeElements(type, data.length)
          elements.set(data)
          return { type, elements }
        }),
      )
      return { outputs }
    } finally {
      for (const tensor of answers) tensor.dispose()
    }
  }

  close(): void {
    this.model.dispose()
  }
}

const elementType = (dtype: string): ElementType => (dtype === 'int32' ? 'integers' : dtype === 'bool' ? 'bytes' : 'floats')
