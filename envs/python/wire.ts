/** Frames between Node and Python; their form stands in gymnura_gymnasium/wire.py. */
const KINDS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  u1: Uint8Array,
  i2: Int16Array,
  u2: Uint16Array,
  i4: Int32Array,
  u4: Uint32Array,
} as const

type Kind = keyof typeof KINDS

const KIND_OF = new Map<unknown, Kind>([
  ...Object.entries(KINDS).map(([kind, array]) => [array, kind as Kind] as const),
  [Uint8ClampedArray, 'u1'],
])
export const HEADER_BYTES = 8
const ALIGNMENT = 8

interface Chunks {
  arrays: Uint8Array[]
  length: number
}

/** @throws TypeError for a value that cannot travel, such as a function */
export function encodeFrame(value: unknown): Uint8Array {
  const chunks: Chunks = { arrays: [], length: 0 }
  const text = new TextEncoder().encode(JSON.stringify(encode(value, chunks)))
  const frame = new Uint8Array(HEADER_BYTES + text.length + chunks.length)
  const header = new DataView(frame.buffer)
  header.setUint32(0, text.length, true)
  header.setUint32(4, chunks.length, true)
  frame.set(text, HEADER_BYTES)
  let at = HEADER_BYTES + text.length
  for (const bytes of chunks.arrays) {
    frame.set(bytes, at)
    at += padded(bytes.length)
  }
  return frame
}

/** The lengths of the JSON and of the bytes that follow a header. */
export function bodyLengths(header: Uint8Array): [text: number, bytes: number] {
  const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES)
  return [view.getUint32(0, true), view.getUint32(4, true)]
}

/** @param body the JSON, then the bytes */
export function decodeBody(body: Uint8Array, textLength: number): unknown {
  return decode(JSON.parse(new TextDecoder().decode(body.subarray(0, textLength))), body.subarray(textLength))
}

const padded = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT

function encode(value: unknown, chunks: Chunks): unknown {
  if (typeof value === 'bigint') return { $n: `${value}` }
  if (typeof value === 'number') return Number.isFinite(value) ? value : { $n: Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf' }
  if (value === undefined) return null
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`a ${typeof value} cannot be sent to Python`)
  if (typeof value !== 'object' || value === null) return value
  if (ArrayBuffer.isView(value)) return encodeArray(value, chunks)
  if (Array.isArray(value)) return value.map((item) => encode(item, chunks))
  const fields = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item, chunks)]))
  return Object.keys(fields).some((key) => key.startsWith('$')) ? { $o: fields } : fields
}

function encodeArray(array: ArrayBufferView, chunks: Chunks): unknown {
  const kind = KIND_OF.get(array.constructor)
  if (kind === undefined) throw new TypeError(`a ${array.constructor.name} cannot be sent to Python`)
  const offset = chunks.length
  chunks.arrays.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  chunks.length += padded(array.byteLength)
  return { $a: [kind, offset, array.byteLength / KINDS[kind].BYTES_PER_ELEMENT] }
}

function decode(value: unknown, bytes: Uint8Array): unknown {
  if (Array.isArray(value)) return value.map((item) => decode(item, bytes))
  if (typeof value !== 'object' || value === null) return value
  if ('$a' in value) return decodeArray(value.$a as [Kind, number, number], bytes)
  if ('$n' in value) return decodeNumber(value.$n as string)
  const fields = '$o' in value ? (value.$o as object) : value
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, decode(item, bytes)]))
}

/** A copy: the bytes of a frame are written again. */
function decodeArray([kind, offset, count]: [Kind, number, number], bytes: Uint8Array): unknown {
  const ArrayOf = KINDS[kind]
  const copy = bytes.slice(offset, offset + count * ArrayOf.BYTES_PER_ELEMENT)
  return new ArrayOf(copy.buffer as ArrayBuffer, copy.byteOffset, count)
}

function decodeNumber(text: string): number | bigint {
  if (text === 'nan') return NaN
  if (text === 'inf') return Infinity
  return text === '-inf' ? -Infinity : BigInt(text)
}
