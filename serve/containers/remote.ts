import type { BatchReply, ModelDescription, OutputDescription } from './container.js'
import { type Column, elementsOf, type InputType, isText, itemOf, sizeOf, textOf } from './element-types.js'
import type { LoadSettings } from './kinds.js'
import { joinItems, type LoadedModel } from './model.js'

/** Open Inference v2's names of element types. */
const TYPES: Readonly<Record<string, InputType>> = {
  FP32: 'floats',
  FP64: 'doubles',
  INT8: 'integers',
  INT16: 'integers',
  INT32: 'integers',
  INT64: 'integers',
  UINT8: 'bytes',
  UINT16: 'integers',
  BOOL: 'bytes',
  BYTES: 'strings',
}
const REQUEST_LIMIT_MS = 9_000
const IN_FLIGHT = 4
const MOST_ERROR_CHARS = 300
const SHOWN_CHARS = 60

interface TensorMetadata {
  readonly name: string
  readonly datatype: string
  readonly shape: readonly number[]
}
interface Answer {
  readonly outputs?: readonly { readonly name: string; readonly data?: unknown }[]
}

async function ask(url: string, body?: string): Promise<unknown> {
  const init = body === undefined ? {} : { method: 'POST', body, headers: { 'content-type': 'application/json' } }
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_LIMIT_MS) }).catch((error: Error) => {
    // "fetch failed" alone would tell nobody what to do.
    const { message, code } = (error.cause ?? error) as NodeJS.ErrnoException
    throw new Error(`${url} cannot be reached: ${message || code}`, { cause: error })
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, MOST_ERROR_CHARS)}`)
  try {
    return JSON.parse(text)
  } catch {
    throw new Error(`${url} answered what is not JSON: ${text.slice(0, MOST_ERROR_CHARS)}`)
  }
}

/** A model of another server that speaks the Open Inference Protocol v2; the artifact is its address, `http://host:port/v2/models/NAME`. */
export async function loadRemoteModel(artifact: Uint8Array, settings: LoadSettings): Promise<LoadedModel> {
  const url = Buffer.from(artifact).toString().trim().replace(/\/+$/, '')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new Error(`"${url.slice(0, SHOWN_CHARS)}" is no address of a model; expected one like http://host:port/v2/models/NAME`)
  const { inputs = [], outputs = [] } = (await ask(url)) as { inputs?: TensorMetadata[]; outputs?: TensorMetadata[] }
  const [input, ...more] = inputs
  if (input === undefined || more.length > 0) throw new Error(`${url} has ${inputs.length} inputs; expected one`)
  if (outputs.length === 0) throw new Error(`${url} does not say what its outputs are`)
  return new RemoteModel(url, input, outputs, settings)
}

function typeOf({ name, datatype }: TensorMetadata): InputType {
  const type = TYPES[datatype]
  if (type === undefined) throw new Error(`"${name}" is of ${datatype}; expected ${Object.keys(TYPES).join(', ')}`)
  return type
}

/** The first dimension is the batch. What the metadata leaves open (-1) may have any size, if it is one alone. */
function outputOf(metadata: TensorMetadata): OutputDescription {
  const sizes = metadata.shape.slice(1)
  const type = typeOf(metadata)
  if (type === 'strings') return { name: metadata.name, type, shape: [] }
  const isKnown = sizes.every((size) => size > 0)
  if (!isKnown && sizes.length > 1) return { name: metadata.name, type: 'json', shape: [] }
  return { name: metadata.name, type, shape: isKnown ? sizes : [-1] }
}

class RemoteModel implements LoadedModel {
  readonly description: ModelDescription
  readonly maxInFlight: number
  readonly #sizes: readonly number[]

  constructor(
    private readonly url: string,
    private readonly input: TensorMetadata,
    outputs: readonly TensorMetadata[],
    { inputSize, maxInFlight = IN_FLIGHT }: LoadSettings,
  ) {
    const inputType = typeOf(input)
    const sizes = input.shape.slice(1)
    const free = sizes.filter((size) => size < 1).length
    const known = sizeOf(sizes.filter((size) => size >= 1))
    if (inputType !== 'strings' && (free > 1 || (free === 1 && inputSize === undefined))) {
      throw new Error(`${url} takes inputs of shape [${input.shape.join(', ')}]; say how large one is with inputSize`)
    }
    this.#sizes = sizes.map((size) => (size < 1 ? (inputSize ?? known) / known : size))
    this.maxInFlight = maxInFlight
    const size = inputType === 'strings' ? null : sizeOf(this.#sizes)
    this.description = { inputType, inputSize: size, outputs: outputs.map(outputOf) }
  }

  async evaluate(inputs: Column, size: number, wantsExtras: boolean): Promise<BatchReply> {
    const wanted = wantsExtras ? this.description.outputs : this.description.outputs.slice(0, 1)
    const { name, datatype } = this.input
    const shape = inputs.type === 'strings' ? [size, ...this.input.shape.slice(1).map(() => 1)] : [size, ...this.#sizes]
    const outputs = wanted.map((output) => ({ name: output.name }))
    const body = { inputs: [{ name, datatype, shape, data: dataOf(inputs, size) }], outputs }
    const answer = (await ask(`${this.url}/infer`, JSON.stringify(body))) as Answer
    return { outputs: wanted.map((output) => columnOf(output, size, answer)) }
  }
}

function dataOf(inputs: Column, size: number): unknown[] {
  if (inputs.type !== 'strings') return Array.from(inputs.elements)
  return Array.from({ length: size }, (_, item) => textOf(itemOf(inputs, item, size)))
}

/** @throws Error for an answer that is not what the metadata says */
function columnOf({ name, type, shape }: OutputDescription, size: number, { outputs }: Answer): Column {
  const found = outputs?.find((output) => output.name === name)
  if (found === undefined) throw new Error(`the answer has no output "${name}"`)
  const data = Array.isArray(found.data) ? found.data.flat(Number.POSITIVE_INFINITY) : []
  if (isText(type)) {
    const parts = type === 'strings' ? data : Array.isArray(found.data) ? found.data : []
    if (parts.length !== size) throw new Error(`output "${name}" has ${parts.length} items; expected ${size}`)
    const texts = parts.map((part) => Buffer.from(type === 'strings' ? String(part) : JSON.stringify(part)))
    return joinItems({ type, shape }, texts)
  }
  const expected = shape[0] === -1 ? undefined : size * sizeOf(shape)
  const fits = expected === undefined ? data.length % size === 0 : data.length === expected
  if (!fits)
    throw new Error(`output "${name}" has ${data.length} numbers for ${size} items; expected ${expected ?? `a multiple of ${size}`}`)
  const elements = elementsOf(type, data, name)
  if (expected !== undefined) return { type, elements }
  return { type, elements, offsets: Uint32Array.from({ length: size + 1 }, (_, item) => (item * data.length) / size) }
}
