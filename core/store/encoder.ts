import { isAnyArrayBuffer, isDataView, isDate, isMap, isSet, isSharedArrayBuffer } from 'node:util/types'
import { AnyActorHandle } from '../api/actor-handle.js'
import { SerializationError, textOf } from '../api/errors.js'
import { type Attachment, ObjectRef } from '../api/object-ref.js'
import { carriedBy } from './carried.js'
import { letGo } from './collection.js'
import { baseOf, isError } from './error-classes.js'
import { freshHandleId, handleId, isCopy, isOurs, noMemory, sharedCopy } from './handles.js'
import { isBuiltIn, isDetached, isPlain, viewKind } from './kinds.js'
import { pathTo, reasonAgainst, sharedKind, tooDeep, UNSHARED, Unserializable } from './refusal.js'
import * as tag from './tags.js'

/** Typed arrays from this size, in bytes, get a SharedArrayBuffer of their own instead of being copied through the ring. */
const LARGE_BYTES = 16 * 1024
/** A buffer that grew larger for one message is not kept. */
const KEPT_BYTES = 1024 * 1024
/** Largest message, without the large arrays that lie beside it. */
const MAX_BYTES = 2 ** 31
const SHORT_STRING = 24
const DETACHED = 'lies in a buffer that is detached (it was transferred to another thread)'
const NOT_LATIN1 = /[^\0-\xff]/

/**
 * Turns values into bytes in a buffer that it reuses: for small values several times faster than node:v8's serializer,
 * which makes an object and a buffer for each message.
 *
 * What it takes is what structuredClone takes, without regular expressions, boxed primitives and blobs, and with refs and
 * actor handles. It differs in three ways: a view carries only its own window of an ArrayBuffer, named properties of
 * arrays are not carried, and instances of subclasses of the built-in classes are refused instead of losing their class.
 */
export class Encoder {
  buffer: Buffer = Buffer.from(new ArrayBuffer(64 * 1024))
  words: Int32Array = new Int32Array(this.buffer.buffer)
  length = 0
  attachments: Attachment[] = []
  /** Refs and handles met inside values, in their order: they leave this thread with the message. */
  refs: (ObjectRef | AnyActorHandle)[] = []
  busy = false
  /** For values that are kept here: large arrays are named by an id that workers remember, since many tasks may take them. */
  storing = false
  /** Makes the memory of large arrays' copies. */
  allocate: ((bytes: number) => SharedArrayBuffer) | undefined = undefined
  /** For a state that is kept: arrays that were copied for this thread are copied again, since it may write into them. */
  snapshot = false
  /** For another process: memory of the program's cannot be shared with it. */
  leaves = false
  private view = new DataView(this.buffer.buffer)
  private seen: Map<object, number> | undefined = undefined
  private lenient = false

  /** `keepsHandles`: the other side remembers shared memory by id (a worker does, the driver does not). */
  constructor(
    private readonly keepsHandles: boolean,
    private readonly maxBytes = MAX_BYTES,
  ) {}

  start(): void {
    this.length = 0
    if (this.buffer.length > KEPT_BYTES) this.resize(KEPT_BYTES)
    if (this.attachments.length > 0) this.attachments = []
    if (this.refs.length > 0) this.refs = []
    this.seen = undefined
  }

  /** Nobody uses it any more: it keeps nothing alive. */
  done(): void {
    this.busy = false
    if (this.attachments.length > 0) this.attachments = []
    if (this.refs.length > 0) this.refs = []
    this.seen = undefined
  }

  /** A root value: identity is kept inside it, not across roots. `name` is what an error calls it. */
  section(value: unknown, name: string): void {
    this.seen = undefined
    try {
      this.value(value)
    } catch (error) {
      throw this.refusal(error, [value], () => name)
    }
  }

  /** The arguments of a call as one section. Top-level refs become placeholders and are returned, in the order of the placeholders. */
  args(args: unknown[]): ObjectRef[] | undefined {
    let dependencies: ObjectRef[] | undefined
    try {
      this.reserve(4)
      this.u32(args.length)
      for (let i = 0; i < args.length; i++) {
        const arg = args[i]
        if (typeof arg === 'object' && arg instanceof ObjectRef) {
          dependencies ??= []
          this.reserve(5)
          this.byte(tag.DEPENDENCY)
          this.u32(dependencies.length)
          dependencies.push(arg)
        } else this.value(arg)
      }
    } catch (error) {
      throw this.refusal(error, args, (index) => `args[${index}]`)
    }
    return dependencies
  }

  /** An error that a user's code threw. What cannot travel of it is left out: losing the error would be worse. */
  thrown(error: unknown): void {
    this.lenient = true
    try {
      this.seen = undefined
      this.attempt(
        () => this.value(error),
        () => this.value(textOf(() => error)),
      )
    } finally {
      this.lenient = false
    }
  }

  /** Something encoded before, with what it names. */
  raw(bytes: Uint8Array, attachments: readonly Attachment[] = [], refs: readonly (ObjectRef | AnyActorHandle)[] = []): void {
    this.reserve(bytes.byteLength)
    this.buffer.set(bytes, this.length)
    this.length += bytes.byteLength
    for (const attachment of attachments) this.attachments.push(attachment)
    for (const ref of refs) this.refs.push(ref)
  }

  copy(): Uint8Array {
    try {
      return Uint8Array.prototype.slice.call(this.buffer, 0, this.length)
    } catch (error) {
      throw noMemory(this.length, error)
    }
  }

  private value(value: unknown): void {
    this.reserve(32)
    switch (typeof value) {
      case 'number':
        this.number(value)
        return
      case 'string':
        this.string(value)
        return
      case 'boolean':
        this.byte(value ? tag.TRUE : tag.FALSE)
        return
      case 'undefined':
        this.byte(tag.UNDEFINED)
        return
      case 'object':
        value === null ? this.byte(tag.NULL) : this.object(value)
        return
      case 'bigint':
        this.byte(tag.BIGINT)
        this.byte(value < 0n ? tag.TRUE : tag.FALSE)
        this.string((value < 0n ? -value : value).toString(16))
        return
      default:
        throw new Unserializable(value, `is a ${typeof value}`)
    }
  }

  private number(value: number): void {
    const whole = value | 0
    if (whole === value && (whole !== 0 || !Object.is(value, -0))) {
      if (whole >= 0 && whole < 128) {
        this.byte(tag.SMALL_INT | whole)
        return
      }
      this.byte(tag.INT32)
      this.view.setInt32(this.length, whole, true)
      this.length += 4
    } else {
      this.byte(tag.FLOAT64)
      this.f64(value)
    }
  }

  private string(value: string): void {
    const length = value.length
    if (length <= SHORT_STRING) {
      this.reserve(2 + SHORT_STRING)
      const start = this.length
      const buffer = this.buffer
      let i = 0
      for (; i < length; i++) {
        const code = value.charCodeAt(i)
        if (code > 255) break
        buffer[start + 2 + i] = code
      }
      if (i === length) {
        buffer[start] = tag.SHORT_LATIN1
        buffer[start + 1] = length
        this.length = start + 2 + length
        return
      }
    }
    const latin1 = !NOT_LATIN1.test(value)
    this.reserve(5 + length * 2)
    this.byte(latin1 ? tag.LATIN1 : tag.UTF16)
    this.u32(length)
    this.length += this.buffer.write(value, this.length, latin1 ? 'latin1' : 'utf16le')
  }

  private object(value: object): void {
    this.seen ??= new Map()
    const { seen } = this
    const index = seen.get(value)
    if (index !== undefined) {
      this.byte(tag.SEEN)
      this.u32(index)
      return
    }
    seen.set(value, seen.size)
    const prototype = Object.getPrototypeOf(value)
    if (Array.isArray(value)) {
      // The prototype of all arrays is an array itself, in every realm; a subclass's is not.
      if (!Array.isArray(prototype)) throw new Unserializable(value, reasonAgainst(value))
      this.array(value)
    } else if (prototype === Object.prototype) this.entries(tag.OBJECT, value)
    else if (ArrayBuffer.isView(value)) this.typedArray(value)
    else if (isAnyArrayBuffer(value)) isSharedArrayBuffer(value) ? this.handle(value, false) : this.arrayBuffer(value)
    else if (value instanceof ObjectRef) {
      this.refs.push(value)
      this.byte(tag.OBJECT_REF)
      this.f64(value.id)
    } else if (value instanceof AnyActorHandle) {
      this.refs.push(value)
      this.byte(tag.ACTOR_HANDLE)
      this.f64(value.actorId)
      this.string(value.shape.className)
      this.array(value.shape.methodNames)
      this.reserve(8)
      this.array(value.shape.generatorNames)
      this.reserve(8)
      this.array(value.shape.groupNames)
      this.reserve(16)
      this.number(value.shape.maxTaskRetries)
      this.byte(value.shape.apart ? tag.TRUE : tag.FALSE)
    } else if (isError(value)) this.error(value)
    else if (isPlain(prototype)) this.entries(tag.OBJECT, value)
    else this.collection(value)
  }

  private collection(value: object): void {
    if (isMap(value) && isBuiltIn(value)) {
      this.byte(tag.MAP)
      this.u32(value.size)
      for (const [key, item] of value) {
        this.value(key)
        this.value(item)
      }
    } else if (isSet(value) && isBuiltIn(value)) {
      this.byte(tag.SET)
      this.u32(value.size)
      for (const item of value) this.value(item)
    } else if (isDate(value) && isBuiltIn(value)) {
      this.byte(tag.DATE)
      this.f64(value.getTime())
    } else if (value instanceof WebAssembly.Module) {
      this.handle(value, false)
    } else if (value instanceof WebAssembly.Memory && isSharedArrayBuffer(value.buffer)) {
      this.handle(value, false)
    } else {
      const carried = carriedBy(Object.getPrototypeOf(value))
      if (carried === undefined) throw new Unserializable(value, reasonAgainst(value))
      this.byte(tag.CARRIED)
      this.string(carried.name)
      this.value(carried.pack(value))
    }
  }

  private array(value: readonly unknown[]): void {
    this.byte(tag.ARRAY)
    this.u32(value.length)
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      if (item === undefined && !(i in value)) {
        this.sparse(value, i)
        return
      }
      this.value(item)
    }
  }

  /** The rest of an array, from its first hole: what it holds, and how long the holes between are. */
  private sparse(value: readonly unknown[], from: number): void {
    let at = from
    const hole = (to: number) => {
      if (to === at) return
      this.reserve(5)
      this.byte(tag.HOLE)
      this.u32(to - at)
      at = to
    }
    // Indices come first among an array's keys, in their order; other names follow.
    for (const key of Object.keys(value)) {
      const index = Number(key)
      if (!(index >= from && index < value.length && String(index >>> 0) === key)) continue
      hole(index)
      this.value(value[index])
      at = index + 1
    }
    hole(value.length)
  }

  private entries(kind: number | undefined, value: object): void {
    const keys = Object.keys(value)
    this.reserve(8)
    if (kind !== undefined) this.byte(kind)
    this.u32(keys.length)
    for (const key of keys) {
      this.string(key)
      this.value((value as Record<string, unknown>)[key])
    }
  }

  private arrayBuffer(value: ArrayBuffer): void {
    if (isDetached(value)) throw new Unserializable(value, DETACHED)
    this.reserve(5 + value.byteLength)
    this.byte(tag.ARRAY_BUFFER)
    this.bytes(new Uint8Array(value))
  }

  private typedArray(value: ArrayBufferView): void {
    const kind = viewKind(value)
    if (kind < 0) throw new Unserializable(value, reasonAgainst(value))
    if (isDetached(value.buffer)) throw new Unserializable(value, DETACHED)
    const elements = isDataView(value) ? value.byteLength : (value as Uint8Array).length
    if (isSharedArrayBuffer(value.buffer) && !(this.snapshot && isCopy(value.buffer))) {
      if (this.leaves && !isOurs(value.buffer)) throw new Unserializable(value, `lies in a SharedArrayBuffer, ${UNSHARED}`)
      this.byte(tag.TYPED_ARRAY_ON)
      this.byte(kind)
      this.value(value.buffer)
      this.reserve(16)
      this.f64(value.byteOffset)
      this.f64(elements)
    } else if (value.byteLength >= LARGE_BYTES) {
      const copy = sharedCopy(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), this.allocate)
      letGo(copy.byteLength)
      this.byte(tag.TYPED_ARRAY_ON)
      this.byte(kind)
      // The copy takes a place among the objects met, as it does on the reading side.
      this.seen?.set(copy, this.seen.size)
      this.handle(copy, true)
      this.f64(0)
      this.f64(elements)
    } else {
      this.reserve(6 + value.byteLength)
      this.byte(tag.TYPED_ARRAY)
      this.byte(kind)
      this.bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    }
  }

  private handle(object: Attachment['object'], fresh: boolean): void {
    const copied = fresh || isCopy(object)
    const ours = isOurs(object)
    if (this.leaves && !ours) throw new Unserializable(object, `is a ${sharedKind(object)}, ${UNSHARED}`)
    // What is kept here is named for as long as it is kept; what is a user's, for as long as it lives.
    const once = this.storing ? !this.keepsHandles : fresh || !this.keepsHandles
    const id = once || (this.storing && copied) ? freshHandleId() : handleId(object)
    this.attachments.push({ id, object, once, copied, ours })
    this.byte(once ? tag.HANDLE_ONCE : tag.HANDLE)
    this.f64(id)
  }

  private error(error: Error): void {
    this.byte(tag.ERROR)
    this.string(baseOf(error))
    this.string(textOf(() => error.name, 'Error'))
    this.string(textOf(() => error.message, ''))
    const stack = textOf(() => error.stack ?? '', '')
    this.value(stack === '' ? undefined : stack)
    const keys = new Set(Object.keys(error))
    for (const hidden of ['cause', 'errors']) if (Object.hasOwn(error, hidden)) keys.add(hidden)
    for (const carriedAlready of ['name', 'message', 'stack']) keys.delete(carriedAlready)
    this.reserve(4)
    const countAt = this.length
    this.u32(keys.size)
    let left = keys.size
    for (const key of keys) {
      const property = () => {
        this.string(key)
        this.value((error as unknown as Record<string, unknown>)[key])
      }
      if (this.lenient) this.attempt(property, () => left--)
      else property()
    }
    this.view.setUint32(countAt, left, true)
  }

  private attempt(write: () => void, otherwise: () => void): void {
    const start = this.mark()
    try {
      write()
    } catch {
      this.rollBack(start)
      otherwise()
    }
  }

  private mark() {
    return { length: this.length, attachments: this.attachments.length, refs: this.refs.length, seen: this.seen?.size ?? 0 }
  }

  private rollBack(to: { length: number; attachments: number; refs: number; seen: number }): void {
    this.length = to.length
    this.attachments.length = to.attachments
    this.refs.length = to.refs
    for (const [object, index] of this.seen ?? []) if (index >= to.seen) this.seen?.delete(object)
  }

  private refusal(error: unknown, roots: unknown[], nameOf: (index: number) => string): Error {
    if (error instanceof Unserializable) return new SerializationError(`${pathTo(error.value, roots, nameOf)} ${error.reason}`)
    const known = tooDeep(error)
    return known instanceof Error ? known : new SerializationError(textOf(() => known))
  }

  private bytes(bytes: Uint8Array): void {
    this.u32(bytes.byteLength)
    this.buffer.set(bytes, this.length)
    this.length += bytes.byteLength
  }

  private byte(value: number): void {
    this.buffer[this.length++] = value
  }

  private u32(value: number): void {
    this.view.setUint32(this.length, value, true)
    this.length += 4
  }

  private f64(value: number): void {
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** Makes room for `bytes` more and then some, so that fixed-size parts need no check of their own. */
  private reserve(bytes: number): void {
    const need = this.length + bytes + 64
    if (need <= this.buffer.length) return
    this.resize(2 ** Math.ceil(Math.log2(need)))
  }

  private resize(bytes: number): void {
    let next: Buffer<ArrayBuffer>
    if (bytes > this.maxBytes) throw noMemory(bytes, undefined)
    try {
      next = Buffer.from(new ArrayBuffer(bytes))
    } catch (error) {
      throw noMemory(bytes, error)
    }
    next.set(this.buffer.subarray(0, this.length))
    this.buffer = next
    this.words = new Int32Array(next.buffer)
    this.view = new DataView(next.buffer)
  }
}
