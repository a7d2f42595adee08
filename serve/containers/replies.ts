import { REPLY_BODY_BYTES } from './connection.js'
import { type BatchReply, ITEM_FAILED, type ModelDescription, type OutputDescription } from './container.js'
import { bytesPerElement, type Column, type ElementType, INPUT_TYPES, isText, OUTPUT_TYPES } from './element-types.js'
import { type Frame, FrameError, SectionTag } from './frames.js'

const MOST_OUTPUTS = 64
/** What a reply has room for beside its frame's other sections. */
export const MOST_OUTPUT_BYTES = REPLY_BODY_BYTES - 2 ** 20
const isCount = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value > 0
const oneOf = (known: readonly string[], value: unknown) => typeof value === 'string' && known.includes(value)

export const numbersIn = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1)

/** What an item's takes, 0 where each has its own length. */
export const bytesOf = ({ type, shape }: Pick<OutputDescription, 'type' | 'shape'>): number =>
  isText(type) || shape[0] === -1 ? 0 : numbersIn(shape) * bytesPerElement(type)

function wrongOutput(given: unknown): string | undefined {
  const { name, type, shape }: Record<string, unknown> = typeof given === 'object' && given !== null ? { ...given } : {}
  if (typeof name !== 'string' || name === '') return 'an output has no name'
  if (!oneOf(OUTPUT_TYPES, type)) return `output "${name}" has type ${JSON.stringify(type)}; expected ${OUTPUT_TYPES.join(', ')}`
  if (!Array.isArray(shape)) return `output "${name}" has no shape`
  const varies = shape.length === 1 && shape[0] === -1
  if (!varies && !shape.every(isCount)) return `output "${name}" has shape [${shape}]; expected sizes of at least 1, or [-1] alone`
  const bytes = bytesOf({ type: type as ElementType, shape })
  if (bytes > MOST_OUTPUT_BYTES) return `output "${name}" takes ${bytes} bytes an item; expected at most ${MOST_OUTPUT_BYTES}`
  if (isText(type as 'strings') && shape.length > 0) return `output "${name}" is a text an item; expected shape []`
  return undefined
}

/** What is wrong with what a model says it takes and gives; undefined when nothing is. */
export function wrongDescription({
  inputType,
  inputSize,
  outputs,
}: { readonly [key in keyof ModelDescription]?: unknown }): string | undefined {
  if (!oneOf(INPUT_TYPES, inputType)) return `inputType is ${JSON.stringify(inputType)}; expected ${INPUT_TYPES.join(', ')}`
  if (inputSize !== null && !isCount(inputSize)) return `inputSize is ${JSON.stringify(inputSize)}; expected at least 1, or null`
  if (inputType === 'strings' && inputSize !== null) return 'inputSize of strings is null: each has its own length'
  if (!Array.isArray(outputs) || outputs.length < 1 || outputs.length > MOST_OUTPUTS)
    return `outputs are not a list of 1 to ${MOST_OUTPUTS}`
  return outputs.map(wrongOutput).find((wrong) => wrong !== undefined)
}

/** What a READY says. @throws FrameError */
export function readDescription(json: Readonly<Record<string, unknown>>): ModelDescription {
  const wrong = wrongDescription(json)
  if (wrong !== undefined) throw new FrameError(`ready says: ${wrong}`)
  const { inputType, inputSize, outputs, algorithm, environmentId, observationSpace, actionSpace } = json as unknown as ModelDescription
  const plain = outputs.map(({ name, type, shape }) => ({ name, type, shape })) as unknown as ModelDescription['outputs']
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
  const people = { algorithm: text(algorithm), environmentId: text(environmentId), observationSpace, actionSpace }
  return { inputType, inputSize, outputs: plain, ...people }
}

/** Why a column is not what the model said of that output; undefined when it is. */
export function wrongColumn({ type, elements, offsets }: Column, size: number, output: OutputDescription): string | undefined {
  if (type !== output.type) return `output "${output.name}" of ${type}; expected ${output.type}`
  const varies = isText(type) || output.shape[0] === -1
  if (varies) return offsets === undefined ? `output "${output.name}" has no offsets` : undefined
  const expected = output.shape.reduce((product, length) => product * length, size)
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
    outputs.push(column.offsets === undefined || isText(output.type) || output.shape[0] === -1 ? column : { ...column, offsets: undefined })
  }
  const statuses = frame.bytes(SectionTag.STATUSES)
  if (!statuses) return { outputs }
  if (statuses.length !== size) throw new FrameError(`${statuses.length} status codes; expected ${size}`)
  for (const status of statuses) if (status > ITEM_FAILED) throw new FrameError(`a status code of ${status}; expected 0 or 1`)
  return { outputs, statuses, errors: frame.json() as Record<number, string> }
}
