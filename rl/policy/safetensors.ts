/**
 * The safetensors container: an 8-byte little-endian header length, a JSON header, then the tensors' bytes without gaps.
 * Each tensor is little-endian and row-major. `__metadata__` maps strings to strings.
 * https://huggingface.co/docs/safetensors — only the format is shared; nothing is executed on load.
 */
import { PolicyError } from './errors.js'

/** The metadata key of a run's checkpoints, so that one is not taken for a policy. */
export const CHECKPOINT_KEY = 'gymnura-checkpoint'

export type TensorData = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array | BigInt64Array

export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: TensorData
}

export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>
  readonly metadata: Readonly<Record<string, string>>
}

interface Header {
  dtype: string
  shape: number[]
  data_offsets: [number, number]
}

const LENGTH_BYTES = 8
/** The limit the reference implementation sets, so that a header cannot ask for unbounded memory. */
const MAX_HEADER_BYTES = 100_000_000
/** The header is padded with spaces so that the tensors start at a multiple of this, as the reference writes it. */
const ALIGNMENT = 8

const DTYPES = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
  I64: BigInt64Array,
} as const
type Dtype = keyof typeof DTYPES

function dtypeOf(data: TensorData): Dtype {
  for (const [dtype, type] of Object.entries(DTYPES)) if (data instanceof type) return dtype as Dtype
  throw new TypeError(`a tensor's data must be one of ${Object.keys(DTYPES).join(', ')}; got ${Object.prototype.toString.call(data)}`)
}

const elements = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)

/** One safetensors file as bytes. Tensors keep the given order within a dtype; wider dtypes come first, so that each stays aligned. */
export function encodeSafetensors(tensors: readonly Tensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const ordered = [...tensors].sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT)
  const header: Record<string, Header | Record<string, string>> = { __metadata__: { ...metadata } }
  let offset = 0
  for (const { name, shape, data } of ordered) {
    if (elements(shape) !== data.length) {
      throw new RangeError(`tensor ${name}: shape [${shape.join(', ')}] holds ${elements(shape)} values, its data ${data.length}`)
    }
    header[name] = { dtype: dtypeOf(data), shape: [...shape], data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const unpadded = new TextEncoder().encode(JSON.stringify(header))
  const headerBytes = Math.ceil(unpadded.length / ALIGNMENT) * ALIGNMENT
  const file = new Uint8Array(LENGTH_BYTES + headerBytes + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true)
  file.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerBytes)
  file.set(unpadded, LENGTH_BYTES)
  let at = LENGTH_BYTES + headerBytes
  for (const { data } of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return file
}

function isHeader(value: unknown): value is Header {
  if (typeof value !== 'object' || value === null) return false
  const { dtype, shape, data_offsets: offsets } = value as Partial<Header>
  const whole = (list: unknown): list is number[] => Array.isArray(list) && list.every((n) => Number.isSafeInteger(n) && n >= 0)
  return typeof dtype === 'string' && whole(shape) && whole(offsets) && offsets.length === 2
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  const notSafetensors = (why: string) =>
    new PolicyError('POLICY_NOT_SAFETENSORS', `not a safetensors file: ${why}; expected a file written by save()`)
  if (bytes.length < LENGTH_BYTES) throw notSafetensors(`it has ${bytes.length} bytes, the header's length alone takes ${LENGTH_BYTES}`)
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  if (length > MAX_HEADER_BYTES) throw notSafetensors(`its header would take ${length} bytes`)
  const start = LENGTH_BYTES + Number(length)
  if (bytes.length > LENGTH_BYTES && bytes[LENGTH_BYTES] !== 0x7b) throw notSafetensors('its header is no JSON object')
  if (start > bytes.length) {
    throw new PolicyError(
      'POLICY_TRUNCATED',
      `the file is truncated: it has ${bytes.length} bytes, its header ends at ${start}; copy or save it again`,
    )
  }
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(LENGTH_BYTES, start)))
  } catch (cause) {
    throw new PolicyError('POLICY_NOT_SAFETENSORS', 'not a safetensors file: its header is no JSON; expected a file written by save()', {
      cause,
    })
  }
  return { header: header as Record<string, unknown>, start }
}

/** `Uint8Array.prototype.slice` would not do: a Buffer's own `slice` is a view. */
const copyOf = (bytes: Uint8Array, from: number, to: number) => new Uint8Array(bytes.subarray(from, to)).buffer

/**
 * Reads a safetensors file. Data are copied, so that every array is aligned and owns its memory.
 * @throws PolicyError `POLICY_NOT_SAFETENSORS`, `POLICY_TRUNCATED` or `POLICY_INVALID`
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { header, start } = readHeader(bytes)
  const { __metadata__: metadata = {}, ...entries } = header
  const tensors = new Map<string, Tensor>()
  let end = start
  for (const [name, entry] of Object.entries(entries)) {
    if (!isHeader(entry)) throw new PolicyError('POLICY_INVALID', `tensor ${name}: its header entry lacks dtype, shape or data_offsets`)
    const type = DTYPES[entry.dtype as Dtype]
    if (!type) {
      throw new PolicyError('POLICY_INVALID', `tensor ${name} has dtype ${entry.dtype}; expected one of ${Object.keys(DTYPES).join(', ')}`)
    }
    const [from, to] = entry.data_offsets
    if (to - from !== elements(entry.shape) * type.BYTES_PER_ELEMENT) {
      throw new PolicyError('POLICY_INVALID', `tensor ${name}: shape [${entry.shape.join(', ')}] does not fit its ${to - from} bytes`)
    }
    if (start + to > bytes.length) {
      throw new PolicyError(
        'POLICY_TRUNCATED',
        `the file is truncated: it has ${bytes.length} bytes, tensor ${name} ends at ${start + to}; copy or save it again`,
      )
    }
    end = Math.max(end, start + to)
    tensors.set(name, { name, shape: entry.shape, data: new type(copyOf(bytes, start + from, start + to)) })
  }
  if (end !== bytes.length) {
    throw new PolicyError('POLICY_INVALID', `the file has ${bytes.length} bytes, its tensors end at ${end}; save it again`)
  }
  const strings = typeof metadata === 'object' && metadata !== null && Object.values(metadata).every((value) => typeof value === 'string')
  if (!strings) throw new PolicyError('POLICY_INVALID', '__metadata__ must map strings to strings')
  return { tensors, metadata: metadata as Record<string, string> }
}
