import type { BatchReply, ModelDescription, OutputDescription } from './container.js'
import { type Column, type ElementType, elementsOf, type InputType, itemOf, makeElements, sizeOf } from './element-types.js'
import type { LoadSettings } from './kinds.js'
import { joinItems, joinReplies, type LoadedModel } from './model.js'
import { requireRuntime } from './runtime.js'

/** What is used of onnxruntime-node and onnxruntime-web, which have the same API. */
interface Tensor {
  readonly type: string
  readonly dims: readonly number[]
  readonly data: ArrayLike<number> | ArrayLike<bigint> | readonly string[]
}
interface ValueMetadata {
  readonly name: string
  readonly isTensor: boolean
  readonly type?: string
  readonly shape?: readonly (number | string)[]
}
interface Session {
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  readonly inputMetadata?: readonly ValueMetadata[]
  run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>>
  release(): Promise<void>
}
interface Runtime {
  readonly env: { wasm?: { numThreads?: number }; logLevel?: string }
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => Tensor
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<Session> }
}

/** Native where it is installed (its installation downloads a library), else WebAssembly. */
const RUNTIMES = ['onnxruntime-node', 'onnxruntime-web']

/** ONNX's names of what an input may be made of; the other ones are refused. */
const INPUTS: Readonly<Record<string, InputType>> = {
  float32: 'floats',
  float64: 'doubles',
  int32: 'integers',
  int64: 'integers',
  uint8: 'bytes',
}
const WARM_ROUNDS = 10

/** An ONNX model of one input, whose first dimension is the batch. @throws ServeError `RUNTIME_MISSING` */
export async function loadOnnxModel(artifact: Uint8Array, settings: LoadSettings): Promise<LoadedModel> {
  const [, module] = await requireRuntime('a model of kind "onnx"', RUNTIMES)
  const runtime = module as Runtime
  // A container is one of many on a machine: one thread each.
  if (runtime.env.wasm) runtime.env.wasm.numThreads = 1
  const session = await runtime.InferenceSession.create(artifact, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 })
  const model = new OnnxModel(runtime, session, settings)
  await model.warm()
  return model
}

class OnnxModel implements LoadedModel {
  description!: ModelDescription
  readonly #type: string
  readonly #inputType: InputType
  /** Of one item. */
  readonly #shape: readonly number[]
  /** Whether the model was exported for batches of one only. */
  readonly #isSingle: boolean

  constructor(
    private readonly runtime: Runtime,
    private readonly session: Session,
    { inputSize }: LoadSettings,
  ) {
    const { inputNames, inputMetadata } = session
    if (inputNames.length !== 1) throw new Error(`the model has ${inputNames.length} inputs (${inputNames.join(', ')}); expected one`)
    const { type = 'float32', shape = ['batch', inputSize ?? 'unknown'] } = inputMetadata?.[0] ?? {}
    const inputType = INPUTS[type]
    if (inputType === undefined) throw new Error(`the model's input is of ${type}; expected ${Object.keys(INPUTS).join(', ')}`)
    this.#type = type
    this.#inputType = inputType
    this.#isSingle = shape[0] === 1
    const sizes = shape.slice(1)
    const free = sizes.filter((size) => typeof size !== 'number')
    const known = sizeOf(sizes.filter((size) => typeof size === 'number'))
    if (free.length > 1 || (free.length === 1 && inputSize === undefined)) {
      throw new Error(`the model's input has shape [${shape.join(', ')}]; say how large it is with inputSize`)
    }
    this.#shape = sizes.map((size) => (typeof size === 'number' ? size : inputSize! / known))
  }

  /** What a model gives is seen by asking it. */
  async warm(): Promise<void> {
    const inputSize = sizeOf(this.#shape)
    const zeros = { type: this.#inputType, elements: makeElements(this.#inputType, inputSize) }
    const seen = await this.#run(zeros, 1)
    const outputs = this.session.outputNames.map((name): OutputDescription => {
      const { type, dims } = seen[name]!
      if (dims[0] !== 1) throw new Error(`output "${name}" has shape [${dims.join(', ')}] for one input; expected a first dimension of 1`)
      return { name, type: elementType(name, type), shape: dims.slice(1) }
    })
    this.description = { inputType: this.#inputType, inputSize, outputs }
    for (let round = 0; round < WARM_ROUNDS; round++) await this.#run(zeros, 1)
  }

  #run({ elements }: Column, size: number): Promise<Record<string, Tensor>> {
    const data = this.#type === 'int64' ? BigInt64Array.from(Array.from(elements, BigInt)) : elements
    return this.session.run({ [this.session.inputNames[0]!]: new this.runtime.Tensor(this.#type, data, [size, ...this.#shape]) })
  }

  async evaluate(inputs: Column, size: number, wantsExtras: boolean): Promise<BatchReply> {
    const wanted = wantsExtras ? this.description.outputs : this.description.outputs.slice(0, 1)
    if (this.#isSingle && size > 1) {
      const replies: BatchReply[] = []
      for (let item = 0; item < size; item++) {
        replies.push(await this.evaluate({ type: inputs.type, elements: itemOf(inputs, item, size) }, 1, wantsExtras))
      }
      return joinReplies(replies, wanted)
    }
    const answers = await this.#run(inputs, size)
    return { outputs: wanted.map(({ name, type }) => columnOf(name, type, answers[name]!)) }
  }

  close(): void {
    void this.session.release()
  }
}

function elementType(name: string, type: string): ElementType {
  if (type === 'string') return 'strings'
  const known = INPUTS[type] ?? (type === 'bool' ? 'bytes' : undefined)
  if (known === undefined) throw new Error(`output "${name}" is of ${type}; expected ${Object.keys(INPUTS).join(', ')}, bool, string`)
  return known
}

function columnOf(name: string, type: ElementType, { data }: Tensor): Column {
  if (type === 'strings') {
    const texts = (data as readonly string[]).map((text) => Buffer.from(text))
    return joinItems({ type, shape: [] }, texts)
  }
  const numbers = data instanceof BigInt64Array ? Array.from(data, Number) : (data as ArrayLike<number>)
  return { type, elements: elementsOf(type, numbers, name) }
}
