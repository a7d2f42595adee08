import { REPLY_BODY_BYTES } from './connection.js'
import { type BatchReply, ITEM_FAILED, type ModelDescription, type OutputDescription } from './container.js'
import { bytesPerElement, type Column, INPUT_TYPES, isText, OUTPUT_TYPES, sizeOf, varies } from './element-types.js'
import { type Frame, FrameError, SectionTag } from './frames.js'

const MOST_OUTPUTS = 64
/** What a reply has room for beside its frame's other sections. */
export const MOST_OUTPUT_BYTES = REPLY_BODY_BYTES - 2 ** 20
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0

/** What an item's takes, 0 where each has its own length. */
export const bytesOf = (output: Pick<OutputDescription, 'type' | 'shape'>): number =>
  varies(output) ? 0 : sizeOf(output.shape) * bytesPerElement(output.type)

/** One of a model's outputs as it is told, or what is wrong with it. */
function readOutput(given: unknown): OutputDescription | string {
  const { name, type: told, shape }: Record<string, unknown> = typeof given === 'object' && given !== null ? { ...given } : {}
  const type = OUTPUT_TYPES.find((known) => known === told)
  if (typeof name !== 'string' || name === '') return 'an output has no name'
  if (type === undefined) return `output "${name}" has type ${JSON.stringify(told)}; expected ${OUTPUT_TYPES.join(', ')}`
  if (!Array.isArray(shape)) return `output "${name}" has no shape`
  const isFree = shape.length === 1 && shape[0] === -1
  if (!isFree && !shape.every(isCount)) return `output "${name}" has shape [${shape}]; expected sizes of at least 1, or [-1] alone`
  if (isText(type) && shape.length > 0) return `output "${name}" is a text an item; expected shape []`
  const bytes = bytesOf({ type, shape })
  if (bytes > MOST_OUTPUT_BYTES) return `output "${name}" takes ${bytes} bytes an item; expected at most ${MOST_OUTPUT_BYTES}`
  return { name, type, shape }
}

type Described = Pick<ModelDescription, 'inputType' | 'inputSize' | 'outputs'>

/** What a model says it takes and gives, or what is wrong with that. */
export function described({ inputType: told, inputSize, outputs }: { readonly [key in keyof Described]?: unknown }): Described | string {
  const inputType = INPUT_TYPES.find((known) => known === told)
  if (inputType === undefined) return `inputType is ${JSON.stringify(told)}; expected ${INPUT_TYPES.join(', ')}`
  if (inputSize !== null && !isCount(inputSize)) return `inputSize is ${JSON.stringify(inputSize)}; expected at least 1, or null`
  if (inputType === 'strings' && inputSize !== null) return 'inputSize of strings is null: each has its own length'
  if (!Array.isArray(outputs) || outputs.length < 1 || outputs.length > MOST_OUTPUTS)
    return `outputs are not a list of 1 to ${MOST_OUTPUTS}`
  const read = outputs.map(readOutput)
  const wrong = read.find((output) => typeof output === 'string')
  return wrong ?? { inputType, inputSize, outputs: read.filter((output) => typeof output !== 'string') }
}

/** What a READY says. @throws FrameError */
export function readDescription(json: Readonly<Record<string, unknown>>): ModelDescription {
  const read = described(json)
  if (typeof read === 'string') throw new FrameError(`ready says: ${read}`)
  const { algorithm, environmentId, observationSpace, actionSpace } = json
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  return { ...read, algorithm: text(algorithm), environmentId: text(environmentId), observationSpace, actionSpace }
}

/** Why a column is not what the model said of that output; undefined when it is. */
export function wrongColumn({ type, elements, offsets }: Column, size: number, output: OutputDescription): string | undefined {
  if (type !== output.type) return `output "${output.name}" of ${type}; expected ${output.type}`
  if (varies(output)) return offsets === undefined ? `output "${output.name}" has no offsets` : undefined
  const expected = size * sizeOf(output.shape)
  if (elements.length === expected) return undefined
  return `reply of ${size} items, ${elements.length} elements of output "${output.name}"; expected ${expected}`
}

/** What a REPLY to a batch of `size` items says, as views. @throws FrameError for one that does not fit the batch or the model */
export function readReply(frame: Frame, size: number, wantsExtras: boolean, { outputs: described }: ModelDescription): BatchReply {
  if (frame.count !== size) throw new FrameError(`reply of ${frame.count} items; expected ${size}`)
  const outputs: Column[] = []
  // Outputs that nobody asked for may come all the same.
  for (let index = 0; index < (wantsExtras ? described.length : 1); index++) {
    const output = described[index]!
    const column = frame.column(SectionTag.OUTPUTS, index)
    if (column === undefined) throw new FrameError(`reply without output "${output.name}"`)
    const wrong = wrongColumn(column, size, output)
    if (wrong !== undefined) throw new FrameError(wrong)
    outputs.push(column.offsets === undefined || varies(output) ? column : { ...column, offsets: undefined })
  }
  const statuses = frame.bytes(SectionTag.STATUSES)
  if (!statuses) return { outputs }
  if (statuses.length !== size) throw new FrameError(`${statuses.length} status codes; expected ${size}`)
  for (const status of statuses) if (status > ITEM_FAILED) throw new FrameError(`a status code of ${status}; expected 0 or 1`)
  return { outputs, statuses, errors: frame.json() as Record<number, string> }
}
