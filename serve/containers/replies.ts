import { shown } from '../refusals.js'
import { type BatchReply, ITEM_FAILED, type ModelDescription } from './container.js'
import { type Frame, FrameError, SectionTag } from './frames.js'

const MOST_EXTRAS = 16

/** What a READY says. @throws FrameError */
export function readDescription(frame: Frame): ModelDescription {
  const json = frame.json()
  const { inputType, inputSize, outputSize, outputType } = json
  const count = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value > 0
  if (inputType !== 'floats' || !count(inputSize) || !count(outputSize) || (outputType !== 'integer' && outputType !== 'floats')) {
    throw new FrameError(`ready says ${JSON.stringify(json).slice(0, 200)}; expected inputType, inputSize, outputSize, outputType`)
  }
  if (outputType === 'integer' && outputSize !== 1)
    throw new FrameError(`ready says outputSize ${shown(outputSize)}; expected 1 for integers`)
  const { extras = {} } = json
  const isTable = typeof extras === 'object' && extras !== null && Object.values(extras).every(count)
  if (!isTable || Object.keys(extras as object).length > MOST_EXTRAS)
    throw new FrameError(`ready says extras ${shown(extras)}; expected at most ${MOST_EXTRAS} names with numbers of at least 1`)
  return json as unknown as ModelDescription
}

function readExtras(frame: Frame, size: number, extras: NonNullable<ModelDescription['extras']>): Float32Array[] {
  const arrays = frame.allFloats(SectionTag.EXTRA)
  const widths = Object.values(extras)
  const fits = arrays.length === widths.length && arrays.every(({ length }, i) => length === size * widths[i]!)
  if (fits) return arrays
  throw new FrameError(`extras of ${arrays.map(({ length }) => length)} numbers; expected ${widths.map((width) => width * size)}`)
}

/** What a REPLY to a batch of `size` items says, as views. @throws FrameError for one that does not fit the batch or the model */
export function readReply(frame: Frame, size: number, description: ModelDescription, wantsExtras: boolean): BatchReply {
  const { outputSize, outputType } = description
  const outputs = frame.numbers(SectionTag.OUTPUTS)
  const expected = size * outputSize
  if (frame.count !== size || outputs?.length !== expected) {
    throw new FrameError(`reply of ${frame.count} items, ${outputs?.length ?? 0} numbers; expected ${size}, ${expected}`)
  }
  if (outputType === 'integer' && outputs instanceof Float32Array)
    throw new FrameError('reply of float32; expected int32 for outputs of type integer')
  const extras = wantsExtras ? readExtras(frame, size, description.extras ?? {}) : undefined
  const statuses = frame.bytes(SectionTag.STATUSES)
  if (!statuses) return { outputs, extras }
  if (statuses.length !== size) throw new FrameError(`${statuses.length} status codes; expected ${size}`)
  for (const status of statuses) if (status > ITEM_FAILED) throw new FrameError(`a status code of ${status}; expected 0 or 1`)
  return { outputs, extras, statuses, errors: frame.json() as Record<number, string> }
}
