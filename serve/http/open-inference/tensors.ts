import { sizeOf } from '../../containers/element-types.js'
import { ServeError } from '../../errors.js'
import { invalid } from '../../refusals.js'
import {
  DATATYPES,
  type Datatype,
  elementsFromBytes,
  isDatatype,
  type NumberDatatype,
  numbersFromBytes,
  numberType,
  type TensorData,
} from './datatypes.js'

const MOST_DIMENSIONS = 32

/** A tensor as a request carries it. */
export interface Tensor {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  /** Row-major. */
  readonly data: TensorData
}

export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  return invalid(path, 'an object', value)
}

function shapeOf(value: unknown, path: string): readonly number[] {
  const isSide = (side: unknown) => Number.isSafeInteger(side) && (side as number) >= 0
  if (!Array.isArray(value) || value.length > MOST_DIMENSIONS) return invalid(path, 'an array of whole numbers', value)
  for (const [axis, side] of value.entries()) if (!isSide(side)) invalid(`${path}[${axis}]`, 'a whole number of at least 0', side)
  return value
}

/** The parts of a body after its JSON: each input that says `binary_data_size` has the next so many bytes. */
export class BinaryPart {
  #at = 0

  constructor(private readonly bytes: Uint8Array) {}

  take(size: unknown, path: string): Uint8Array {
    const left = this.bytes.length - this.#at
    if (!Number.isSafeInteger(size) || (size as number) < 0) invalid(path, 'a whole number of bytes', size)
    if ((size as number) > left) invalid(path, `at most the ${left} bytes that are left after the JSON`, size)
    this.#at += size as number
    return this.bytes.subarray(this.#at - (size as number), this.#at)
  }

  /** @throws ServeError `QUERY_INVALID` where bytes are left that belong to no input */
  end(): void {
    const left = this.bytes.length - this.#at
    if (left > 0)
      throw new ServeError('QUERY_INVALID', `inputs: ${left} bytes after the JSON belong to none of them; set their binary_data_size`)
  }
}

/** The input at `path`. @throws ServeError `QUERY_INVALID` naming the first wrong field's path */
export function readTensor(value: unknown, path: string, binary: BinaryPart): Tensor {
  const fields = fieldsOf(value, path)
  const { name, datatype } = fields
  if (typeof name !== 'string') invalid(`${path}.name`, 'a string', name)
  if (!isDatatype(datatype)) return invalid(`${path}.datatype`, DATATYPES.join(', '), datatype)
  const shape = shapeOf(fields.shape, `${path}.shape`)
  const length = sizeOf(shape)
  const parameters = fields.parameters === undefined ? {} : fieldsOf(fields.parameters, `${path}.parameters`)
  if (parameters.shared_memory_region !== undefined)
    invalid(
      `${path}.parameters.shared_memory_region`,
      'data in the request; shared memory is not offered here',
      parameters.shared_memory_region,
    )
  const { binary_data_size: size } = parameters
  if (size === undefined) return { name, datatype, shape, data: fromJson(fields.data, datatype, shape, length, `${path}.data`) }
  if (fields.data !== undefined) invalid(`${path}.data`, 'no data beside parameters.binary_data_size', fields.data)
  const sizePath = `${path}.parameters.binary_data_size`
  const bytes = binary.take(size, sizePath)
  return { name, datatype, shape, data: fromBinary(bytes, datatype, length, sizePath) }
}

function fromBinary(bytes: Uint8Array, datatype: Datatype, length: number, path: string): TensorData {
  if (datatype === 'BYTES') {
    const elements = elementsFromBytes(bytes, length)
    return elements ?? invalid(path, `${length} elements, a length of 4 bytes before each`, bytes.length)
  }
  const expected = length * numberType(datatype).bytes
  if (bytes.length !== expected) invalid(path, `${expected} bytes, ${length} values of ${datatype}`, bytes.length)
  return numbersFromBytes(datatype, bytes, length)
}

/** Flat, or nested as the shape says. */
function fromJson(data: unknown, datatype: Datatype, shape: readonly number[], length: number, path: string): TensorData {
  if (!Array.isArray(data)) return invalid(path, 'an array, flat or nested as the shape', data)
  const nested = Array.isArray(data[0])
  let flat: readonly unknown[] = data
  if (nested) {
    const values: unknown[] = []
    flatten(data, shape, 0, path, values)
    flat = values
  } else if (data.length !== length) invalid(path, `an array of ${length}, the product of its shape`, data)
  const at = (index: number) => (nested ? nestedPath(path, shape, index) : `${path}[${index}]`)
  if (datatype === 'BYTES') return flat.map((value, index) => textBytes(value, index, at))
  return numbersOf(flat, datatype, at)
}

function flatten(data: unknown, shape: readonly number[], axis: number, path: string, into: unknown[]): void {
  if (axis === shape.length) {
    into.push(data)
    return
  }
  const side = shape[axis]!
  if (!Array.isArray(data) || data.length !== side) invalid(path, `an array of ${side}, as its shape says`, data)
  for (let i = 0; i < side; i++) flatten(data[i], shape, axis + 1, `${path}[${i}]`, into)
}

function nestedPath(path: string, shape: readonly number[], index: number): string {
  let rest = index
  let brackets = ''
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    brackets = `[${rest % shape[axis]!}]${brackets}`
    rest = Math.floor(rest / shape[axis]!)
  }
  return path + brackets
}

type PathAt = (index: number) => string

function textBytes(value: unknown, index: number, at: PathAt): Uint8Array {
  return typeof value === 'string' ? Buffer.from(value) : invalid(at(index), 'a string', value)
}

function numbersOf(flat: readonly unknown[], datatype: NumberDatatype, at: PathAt): TensorData {
  const { make, range } = numberType(datatype)
  const values = make(flat.length)
  const big = values instanceof BigInt64Array || values instanceof BigUint64Array
  for (let i = 0; i < flat.length; i++) {
    const value = flat[i]
    if (range === 'boolean') {
      const isFlag = value === true || value === false || value === 0 || value === 1
      if (!isFlag) invalid(at(i), 'true or false', value)
    } else if (typeof value !== 'number' || !Number.isFinite(value)) invalid(at(i), 'a finite number', value)
    else if (range !== 'number' && !(Number.isInteger(value) && value >= range[0] && value <= range[1]))
      invalid(at(i), `a whole number from ${range[0]} to ${range[1]}`, value)
    if (big) values[i] = BigInt(value as number)
    else values[i] = Number(value)
  }
  return values
}
