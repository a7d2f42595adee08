import { isUtf8 } from 'node:buffer'
import { type Elements, type InputType, makeElements, sizeOf } from '../../containers/element-types.js'
import { ServeError } from '../../errors.js'
import { allocateInputs, type Inputs } from '../../query/inputs.js'
import type { InputSpec, Signature } from '../../query/signature.js'
import { TypedInputs } from '../../query/typed-inputs.js'
import { invalid } from '../../refusals.js'
import type { InferRequest } from './infer-request.js'
import type { Tensor } from './tensors.js'

const INT32 = 2 ** 31

/**
 * The model's rows in the request's only input: numbers of any datatype, of shape `[rows, …the input's]` or flat `[rows, size]`; or a text
 * (BYTES) each, of shape `[rows]` or `[rows, 1]`.
 * @throws ServeError `QUERY_INVALID`
 */
export function rowsOf({ inputs }: InferRequest, { input }: Signature): Inputs {
  const [tensor] = inputs
  if (inputs.length !== 1) return invalid('inputs', `one tensor, "${input.name}"`, inputs)
  if (tensor!.name !== input.name) return invalid('inputs[0].name', `"${input.name}"`, tensor!.name)
  const isText = input.type === 'strings' || (input.type === 'bytes' && !ArrayBuffer.isView(tensor!.data))
  return isText ? textRows(tensor!, input.type) : numberRows(tensor!, input)
}

/** Rows, and numbers in each. */
function sidesOf({ shape }: Tensor, { type, shape: item }: InputSpec): [rows: number, size: number] {
  const [rows, ...sides] = shape
  const size = sizeOf(sides)
  const expected = sizeOf(item)
  // Of bytes and other inputs of any length a request says how long its own are.
  const anyLength = item.includes(-1) || (type === 'bytes' && item.length === 0)
  // (Rows of nothing take no bytes, so nothing would limit how many there are.)
  if (rows !== undefined && rows > 0 && size === 0)
    throw new ServeError('QUERY_INVALID', `inputs[0].shape: expected at least one value a row, got [${shape.join(', ')}]`)
  const same = sides.length === item.length && sides.every((side, axis) => side === item[axis])
  if (rows !== undefined && (same || (sides.length === 1 && (anyLength || size === expected)))) return [rows, size]
  throw new ServeError(
    'QUERY_INVALID',
    `inputs[0].shape: expected [${[-1, ...(anyLength ? [-1] : item)].join(', ')}], got [${shape.join(', ')}]`,
  )
}

function numberRows(tensor: Tensor, spec: InputSpec): Inputs {
  const { data } = tensor
  if (!ArrayBuffer.isView(data)) return invalid('inputs[0].datatype', 'FP32, or another datatype of numbers', tensor.datatype)
  const [rows, size] = sidesOf(tensor, spec)
  const isFast = spec.type === 'floats' && !spec.shape.includes(-1)
  const fast = isFast ? allocateInputs(rows, size) : undefined
  const values = fast === undefined ? makeElements(spec.type, rows * size) : fast.slab.floats.subarray(fast.start, fast.start + rows * size)
  fill(values, data as ArrayLike<number | bigint>, spec.type)
  return (
    fast ??
    new TypedInputs(
      spec.type,
      values,
      Uint32Array.from({ length: rows + 1 }, (_, row) => row * size),
    )
  )
}

function fill(values: Elements, data: ArrayLike<number | bigint>, type: InputType): void {
  const big = data instanceof BigInt64Array || data instanceof BigUint64Array
  if (big) for (let i = 0; i < values.length; i++) values[i] = Number(data[i])
  else values.set(data as ArrayLike<number>)
  if (type === 'floats' || type === 'doubles') {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i]))
        invalid(`inputs[0].data[${i}]`, `a finite number${type === 'floats' ? ' that fits float32' : ''}`, data[i])
    }
    return
  }
  const [low, high] = type === 'integers' ? [-INT32, INT32 - 1] : [0, 255]
  for (let i = 0; i < values.length; i++) {
    const value = Number(data[i])
    if (!(Number.isInteger(value) && value >= low && value <= high))
      invalid(`inputs[0].data[${i}]`, `a whole number from ${low} to ${high}`, data[i])
  }
}

function textRows({ datatype, shape, data }: Tensor, type: InputType): Inputs {
  if (ArrayBuffer.isView(data)) return invalid('inputs[0].datatype', 'BYTES, a text each', datatype)
  const [rows, ...sides] = shape
  if (rows === undefined || sides.some((side) => side !== 1))
    throw new ServeError('QUERY_INVALID', `inputs[0].shape: expected [-1], got [${shape.join(', ')}]`)
  const texts = data as readonly Uint8Array[]
  const wrong = type === 'strings' ? texts.findIndex((text) => !isUtf8(text)) : -1
  if (wrong >= 0) throw new ServeError('QUERY_INVALID', `inputs[0]: expected UTF-8, got other bytes in row ${wrong}`)
  const offsets = new Uint32Array(texts.length + 1)
  for (const [row, text] of texts.entries()) offsets[row + 1] = offsets[row]! + text.length
  const elements = makeElements(type, offsets[texts.length]!)
  for (const [row, text] of texts.entries()) elements.set(text, offsets[row])
  return new TypedInputs(type, elements, offsets)
}
