/**
 * The datatypes of the Open Inference Protocol, and how their values lie in the binary tensor extension: little-endian, row-major, without
 * padding; BYTES as a length (uint32) and so many bytes each.
 */

/** A tensor's values. FP16 is held as float32, BOOL as 0 and 1. */
export type Values = Float32Array | Float64Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array
export type BigValues = BigInt64Array | BigUint64Array
export type TensorData = Values | BigValues | readonly Uint8Array[]

interface NumberType {
  /** Of a value on the wire. */
  readonly bytes: number
  readonly make: (length: number) => Values | BigValues
  /** What JSON may hold: whole numbers within these, any number, or true and false. */
  readonly range: readonly [low: number, high: number] | 'number' | 'boolean'
}

const whole = (bits: number, signed: boolean): readonly [number, number] =>
  // JSON's numbers are exact only so far.
  bits === 64
    ? [signed ? Number.MIN_SAFE_INTEGER : 0, Number.MAX_SAFE_INTEGER]
    : signed
      ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1]
      : [0, 2 ** bits - 1]

const NUMBER_TYPES = {
  BOOL: { bytes: 1, make: (length) => new Uint8Array(length), range: 'boolean' },
  UINT8: { bytes: 1, make: (length) => new Uint8Array(length), range: whole(8, false) },
  UINT16: { bytes: 2, make: (length) => new Uint16Array(length), range: whole(16, false) },
  UINT32: { bytes: 4, make: (length) => new Uint32Array(length), range: whole(32, false) },
  UINT64: { bytes: 8, make: (length) => new BigUint64Array(length), range: whole(64, false) },
  INT8: { bytes: 1, make: (length) => new Int8Array(length), range: whole(8, true) },
  INT16: { bytes: 2, make: (length) => new Int16Array(length), range: whole(16, true) },
  INT32: { bytes: 4, make: (length) => new Int32Array(length), range: whole(32, true) },
  INT64: { bytes: 8, make: (length) => new BigInt64Array(length), range: whole(64, true) },
  FP16: { bytes: 2, make: (length) => new Float32Array(length), range: 'number' },
  FP32: { bytes: 4, make: (length) => new Float32Array(length), range: 'number' },
  FP64: { bytes: 8, make: (length) => new Float64Array(length), range: 'number' },
} as const satisfies Readonly<Record<string, NumberType>>

export type NumberDatatype = keyof typeof NUMBER_TYPES
export type Datatype = NumberDatatype | 'BYTES'
export const DATATYPES: readonly Datatype[] = [...(Object.keys(NUMBER_TYPES) as NumberDatatype[]), 'BYTES']

export const isDatatype = (name: unknown): name is Datatype => (DATATYPES as readonly unknown[]).includes(name)
export const numberType = (datatype: NumberDatatype): NumberType => NUMBER_TYPES[datatype]

/** IEEE 754 binary16 to a number. */
function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** `length` values from their bytes, which are `length` times the datatype's size. */
export function numbersFromBytes(datatype: NumberDatatype, bytes: Uint8Array, length: number): Values | BigValues {
  const values = numberType(datatype).make(length)
  if (datatype === 'FP16') {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < length; i++) values[i] = fromHalf(view.getUint16(2 * i, true))
    return values
  }
  // Copied: where the bytes begin is no multiple of a number's size.
  new Uint8Array(values.buffer).set(bytes)
  return values
}

/** BYTES elements; undefined where the lengths do not fit the bytes, or there are not `length` of them. */
export function elementsFromBytes(bytes: Uint8Array, length: number): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const elements: Uint8Array[] = []
  let at = 0
  while (at + 4 <= bytes.length && elements.length < length) {
    const size = view.getUint32(at, true)
    at += 4
    if (at + size > bytes.length) return undefined
    elements.push(bytes.subarray(at, at + size))
    at += size
  }
  return at === bytes.length && elements.length === length ? elements : undefined
}

/** A tensor's values as they lie on the wire. */
export function toBytes(data: TensorData): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const bytes = Buffer.alloc(data.reduce((sum, element) => sum + 4 + element.length, 0))
  let at = 0
  for (const element of data) {
    at = bytes.writeUInt32LE(element.length, at)
    bytes.set(element, at)
    at += element.length
  }
  return bytes
}

/** A tensor's values as a flat JSON array. */
export function toJson(data: TensorData): string {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return `[${data.join(',')}]`
  if (ArrayBuffer.isView(data)) return JSON.stringify(Array.from(data as Values))
  return JSON.stringify(data.map((element) => Buffer.from(element).toString()))
}
