/**
 * The encoding's one-byte tags. A value is a tag and what the tag says; containers hold values.
 * Whole numbers from 0 to 127 are their own tag with the high bit set: the commonest argument is one byte.
 */
export const SMALL_INT = 0x80

export const UNDEFINED = 0
export const NULL = 1
export const TRUE = 2
export const FALSE = 3
/** int32 little-endian */
export const INT32 = 4
/** float64 little-endian */
export const FLOAT64 = 5
/** a string value of hex digits, and a sign */
export const BIGINT = 6
/** u8 length, one byte a character */
export const SHORT_LATIN1 = 7
/** u32 length, one byte a character */
export const LATIN1 = 8
/** u32 length in code units, two bytes each: any string, lone surrogates included */
export const UTF16 = 9
/** u32 count, values */
export const ARRAY = 10
/** u32 length of a run of holes inside an array */
export const HOLE = 11
/** u32 count, pairs of string and value */
export const OBJECT = 12
/** u32 count, pairs of values */
export const MAP = 13
/** u32 count, values */
export const SET = 14
/** float64 milliseconds */
export const DATE = 15
/** u32 length, bytes */
export const ARRAY_BUFFER = 16
/** u8 kind, u32 byte length, bytes */
export const TYPED_ARRAY = 17
/** u8 kind, the buffer as a value, float64 byte offset, float64 length in elements */
export const TYPED_ARRAY_ON = 18
/** float64 id of a SharedArrayBuffer, WebAssembly.Memory or WebAssembly.Module that the receiver keeps */
export const HANDLE = 19
/** the same, taken once */
export const HANDLE_ONCE = 20
/** class, name, message, array of the names of its own classes, stack; u32 count, pairs of string and value (cause and errors among them) */
export const ERROR = 21
/** float64 id */
export const OBJECT_REF = 22
/** float64 id, class name, arrays of method and group names, retries of a call, whether it lives in another process */
export const ACTOR_HANDLE = 23
/** u32 index of an object met before in the same section: shared identity and cycles */
export const SEEN = 24
/** u32 index: a top-level argument given as a ref; its value is the index-th section after the arguments */
export const DEPENDENCY = 25
/** the class's name, and what its instance was packed into, as a value */
export const CARRIED = 26

/** Typed arrays by their position in the table; the position is what travels. */
export const viewClasses: readonly ViewClass[] = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
]

interface ViewClass {
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): ArrayBufferView
}
