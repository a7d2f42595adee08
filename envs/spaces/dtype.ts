import { InvalidKwargs } from '../errors.js'
import { shown } from '../shown.js'

/**
 * NumPy's dtype names, and the typed array that stores each. 64-bit integers are kept in 32 bits (actions and states of environments
 * are small numbers; a BigInt64Array would make every one of them a heap object), so their bounds must fit 32 bits.
 */
export interface DtypeArrays {
  float32: Float32Array
  float64: Float64Array
  int8: Int8Array
  uint8: Uint8Array
  int16: Int16Array
  uint16: Uint16Array
  int32: Int32Array
  uint32: Uint32Array
  int64: Int32Array
  uint64: Uint32Array
  bool: Uint8Array
}

export type Dtype = keyof DtypeArrays
export type DtypeArray = DtypeArrays[Dtype]
export type IntegerDtype = Exclude<Dtype, 'float32' | 'float64' | 'bool'>

/** Numbers in an element, far above any real observation; a shape read from a broken file fails here and not in the allocator. */
export const MAX_SIZE = 2 ** 28

interface DtypeFacts {
  kind: 'float' | 'signed' | 'unsigned' | 'bool'
  /** The least and greatest value that can be stored. */
  min: number
  max: number
  /** Arrays other than its own that hold only values this dtype can represent. */
  accepts: readonly string[]
}

const SMALL = ['Int8Array', 'Uint8Array', 'Uint8ClampedArray']
const FLOAT32_MAX = 3.4028234663852886e38

export const DTYPES: Readonly<Record<Dtype, DtypeFacts>> = {
  float32: { kind: 'float', min: -FLOAT32_MAX, max: FLOAT32_MAX, accepts: [...SMALL, 'Int16Array', 'Uint16Array'] },
  float64: {
    kind: 'float',
    min: -Number.MAX_VALUE,
    max: Number.MAX_VALUE,
    accepts: [...SMALL, 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array'],
  },
  int8: { kind: 'signed', min: -128, max: 127, accepts: [] },
  uint8: { kind: 'unsigned', min: 0, max: 255, accepts: ['Uint8ClampedArray'] },
  int16: { kind: 'signed', min: -32768, max: 32767, accepts: SMALL },
  uint16: { kind: 'unsigned', min: 0, max: 65535, accepts: ['Uint8Array', 'Uint8ClampedArray'] },
  int32: { kind: 'signed', min: -2147483648, max: 2147483647, accepts: [...SMALL, 'Int16Array', 'Uint16Array'] },
  uint32: { kind: 'unsigned', min: 0, max: 4294967295, accepts: ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array'] },
  int64: { kind: 'signed', min: -2147483648, max: 2147483647, accepts: [...SMALL, 'Int16Array', 'Uint16Array'] },
  uint64: { kind: 'unsigned', min: 0, max: 4294967295, accepts: ['Uint8Array', 'Uint8ClampedArray', 'Uint16Array'] },
  bool: { kind: 'bool', min: 0, max: 1, accepts: [] },
}

const CONSTRUCTORS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: Int32Array,
  uint64: Uint32Array,
  bool: Uint8Array,
} as const

/** A zeroed array of `length` elements that stores `dtype`. */
export function emptyArray<D extends Dtype>(dtype: D, length: number): DtypeArrays[D] {
  // The table above pairs each name with its own array; TypeScript cannot see that through the index.
  return new CONSTRUCTORS[dtype](length) as unknown as DtypeArrays[D]
}

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(DTYPES, name)
}

export function isIntegerDtype(name: unknown): name is IntegerDtype {
  return isDtype(name) && (DTYPES[name].kind === 'signed' || DTYPES[name].kind === 'unsigned')
}

/** Whether `value` is an array of numbers that `dtype` can hold without loss: its own typed array, a narrower one, or a plain array. */
export function isArrayFor(dtype: Dtype, value: unknown): value is ArrayLike<number> {
  if (Array.isArray(value))
    return value.every((item) => typeof item === 'number' && (DTYPES[dtype].kind === 'float' || Number.isInteger(item)))
  if (!ArrayBuffer.isView(value)) return false
  const name = value.constructor.name
  return name === CONSTRUCTORS[dtype].name || DTYPES[dtype].accepts.includes(name)
}

const isFloat = (dtype: Dtype) => DTYPES[dtype].kind === 'float'
const bitsOf = (dtype: Dtype) => Number(/\d+$/.exec(dtype)?.[0] ?? 1)

/** The least dtype that holds both without loss, by NumPy's rules of promotion; 64-bit integers of both signs meet in float64. */
function promoted(a: Dtype, b: Dtype): Dtype {
  if (a === b || b === 'bool') return a
  if (a === 'bool') return b
  if (isFloat(a) || isFloat(b)) {
    const integer = isFloat(a) ? b : a
    return isFloat(integer) || a === 'float64' || b === 'float64' || bitsOf(integer) > 16 ? 'float64' : 'float32'
  }
  if (DTYPES[a].kind === DTYPES[b].kind) return bitsOf(a) > bitsOf(b) ? a : b
  const [signed, unsigned] = DTYPES[a].kind === 'signed' ? [a, b] : [b, a]
  const bits = Math.max(bitsOf(signed), 2 * bitsOf(unsigned))
  return bits > 64 ? 'float64' : (`int${bits}` as Dtype)
}

/** NumPy's `result_type`; float64 of nothing. */
export function resultType(dtypes: readonly Dtype[]): Dtype {
  return dtypes.length === 0 ? 'float64' : dtypes.reduce(promoted)
}

/** @throws InvalidKwargs unless `out` stores `dtype` and has room for `size` numbers from `offset` on */
export function checkTarget(dtype: Dtype, out: DtypeArray, offset: number, size: number): void {
  const { name } = CONSTRUCTORS[dtype]
  if (out?.constructor?.name === name && Number.isInteger(offset) && offset >= 0 && offset + size <= out.length) return
  const given = ArrayBuffer.isView(out) ? `${shown(out)} of ${out.length}` : shown(out)
  throw new InvalidKwargs(
    `${size} numbers of ${dtype} are written to a ${name} from a whole offset, got ${given} and offset ${shown(offset)}`,
  )
}
