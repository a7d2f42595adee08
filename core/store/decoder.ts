import type { ActorShape } from '../api/actor-handle.js'
import { ObjectLostError } from '../api/errors.js'
import type { Attachment } from '../api/object-ref.js'
import { carriedAs } from './carried.js'
import { blankError } from './error-classes.js'
import * as tag from './tags.js'

/** What the bytes only name: the reader's side knows the things themselves. */
export interface Names {
  /** A shared thing that came over the port; undefined if it did not. */
  handle(id: number, once: boolean): Attachment['object'] | undefined
  ref(id: number): object
  actor(id: number, shape: ActorShape): object
}

const SHORT_STRING = 12

/** Reads what Encoder wrote, out of a ring or any other memory. */
export class Decoder {
  private buffer: Buffer = Buffer.alloc(0)
  private view: DataView = new DataView(new ArrayBuffer(0))
  private at = 0
  private seen: object[] | undefined = undefined

  constructor(private readonly names: Names) {}

  open(buffer: Buffer, view: DataView, at: number): void {
    this.buffer = buffer
    this.view = view
    this.at = at
  }

  /** Where what was read last ends. */
  get position(): number {
    return this.at
  }

  section(): unknown {
    this.seen = undefined
    const value = this.value()
    // What was read is kept alive by its users only.
    this.seen = undefined
    return value
  }

  args(): unknown[] {
    this.seen = undefined
    const count = this.u32()
    const args = new Array<unknown>(count)
    let dependencies: number[] | undefined
    for (let i = 0; i < count; i++) {
      if (this.buffer[this.at] === tag.DEPENDENCY) {
        this.at += 5
        dependencies ??= []
        dependencies.push(i)
      } else args[i] = this.value()
    }
    this.seen = undefined
    // The sections follow in the order of their placeholders.
    if (dependencies !== undefined) for (const index of dependencies) args[index] = this.section()
    return args
  }

  private value(): unknown {
    const kind = this.buffer[this.at++]!
    if (kind >= tag.SMALL_INT) return kind & 127
    switch (kind) {
      case tag.UNDEFINED:
        return undefined
      case tag.NULL:
        return null
      case tag.TRUE:
        return true
      case tag.FALSE:
        return false
      case tag.INT32:
        this.at += 4
        return this.view.getInt32(this.at - 4, true)
      case tag.FLOAT64:
        return this.f64()
      case tag.BIGINT:
        return this.bigint()
      case tag.SHORT_LATIN1:
      case tag.LATIN1:
      case tag.UTF16:
        this.at--
        return this.string()
      case tag.SEEN:
        return this.seen![this.u32()]
      default:
        return this.object(kind)
    }
  }

  private object(kind: number): unknown {
    switch (kind) {
      case tag.ARRAY:
        return this.array()
      case tag.OBJECT:
        return this.entries(this.remember({}))
      case tag.MAP:
        return this.map()
      case tag.SET:
        return this.set()
      case tag.DATE:
        return this.remember(new Date(this.f64()))
      case tag.ARRAY_BUFFER: {
        const bytes = this.bytes()
        return this.remember(bytes.buffer)
      }
      case tag.TYPED_ARRAY: {
        const type = tag.viewClasses[this.buffer[this.at++]!]!
        return this.remember(new type(this.bytes().buffer))
      }
      case tag.TYPED_ARRAY_ON:
        return this.typedArrayOn()
      case tag.HANDLE:
      case tag.HANDLE_ONCE:
        return this.remember(this.handle(kind === tag.HANDLE_ONCE))
      case tag.ERROR:
        return this.error()
      case tag.OBJECT_REF:
        return this.remember(this.names.ref(this.f64()))
      case tag.ACTOR_HANDLE:
        return this.actorHandle()
      case tag.CARRIED:
        return this.carried()
      default:
        throw new ObjectLostError(`the bytes of a value are damaged (tag ${kind})`)
    }
  }

  private remember<T extends object>(object: T): T {
    if (this.seen === undefined) this.seen = [object]
    else this.seen.push(object)
    return object
  }

  private string(): string {
    const kind = this.buffer[this.at++]!
    const length = kind === tag.SHORT_LATIN1 ? this.buffer[this.at++]! : this.u32()
    const start = this.at
    if (kind === tag.UTF16) {
      this.at += length * 2
      return this.buffer.toString('utf16le', start, this.at)
    }
    this.at += length
    if (length > SHORT_STRING) return this.buffer.toString('latin1', start, this.at)
    let text = ''
    for (let i = start; i < this.at; i++) text += String.fromCharCode(this.buffer[i]!)
    return text
  }

  private bigint(): bigint {
    const negative = this.buffer[this.at++] === tag.TRUE
    const size = BigInt(`0x${this.string()}`)
    return negative ? -size : size
  }

  private array(): unknown[] {
    const length = this.u32()
    const array = this.remember<unknown[]>([])
    while (array.length < length) {
      if (this.buffer[this.at] === tag.HOLE) {
        this.at++
        array.length += this.u32()
      } else array.push(this.value())
    }
    return array
  }

  private entries<T extends object>(target: T): T {
    const count = this.u32()
    for (let i = 0; i < count; i++) {
      const key = this.string()
      const value = this.value()
      // Assigning to __proto__ would set the prototype instead of a property.
      if (key === '__proto__') Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true })
      else (target as Record<string, unknown>)[key] = value
    }
    return target
  }

  private map(): Map<unknown, unknown> {
    const map = this.remember(new Map<unknown, unknown>())
    for (let left = this.u32(); left > 0; left--) {
      const key = this.value()
      map.set(key, this.value())
    }
    return map
  }

  private set(): Set<unknown> {
    const set = this.remember(new Set())
    for (let left = this.u32(); left > 0; left--) set.add(this.value())
    return set
  }

  private typedArrayOn(): object {
    const type = tag.viewClasses[this.buffer[this.at++]!]!
    // The view was met before its buffer: keep its place.
    this.seen ??= []
    const place = this.seen.push({}) - 1
    const buffer = this.value() as SharedArrayBuffer
    const offset = this.f64()
    const view = new type(buffer, offset, this.f64())
    this.seen[place] = view
    return view
  }

  private handle(once: boolean): Attachment['object'] {
    const id = this.f64()
    const object = this.names.handle(id, once)
    if (object === undefined) throw new ObjectLostError(`shared memory ${id} did not arrive with the value that uses it`)
    return object
  }

  private actorHandle(): object {
    this.seen ??= []
    const place = this.seen.push({}) - 1
    const id = this.f64()
    const className = this.string()
    const handle = this.names.actor(id, {
      className,
      methodNames: this.strings(),
      generatorNames: this.strings(),
      groupNames: this.strings(),
      maxTaskRetries: this.value() as number,
      apart: this.value() as boolean,
    })
    this.seen[place] = handle
    return handle
  }

  private carried(): object {
    this.seen ??= []
    const place = this.seen.push({}) - 1
    const name = this.string()
    const packed = this.value()
    const carried = carriedAs(name)
    if (carried === undefined) throw new ObjectLostError(`a ${name} came to a thread that does not know what that is`)
    const value = carried.unpack(packed)
    this.seen[place] = value
    return value
  }

  private strings(): string[] {
    this.at++
    const count = this.u32()
    return Array.from({ length: count }, () => this.string())
  }

  private error(): Error {
    const base = this.string()
    const name = this.string()
    const error = this.remember(blankError(base, name, this.string()))
    const stack = this.value()
    Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true })
    const own = this.entries<Record<string, unknown>>({})
    for (const [key, value] of Object.entries(own)) {
      Object.defineProperty(error, key, { value, writable: true, enumerable: key !== 'cause' && key !== 'errors', configurable: true })
    }
    return error
  }

  private bytes(): Uint8Array<ArrayBuffer> {
    const length = this.u32()
    const bytes = new Uint8Array(length)
    bytes.set(this.buffer.subarray(this.at, this.at + length))
    this.at += length
    return bytes
  }

  private u32(): number {
    this.at += 4
    return this.view.getUint32(this.at - 4, true)
  }

  private f64(): number {
    this.at += 8
    return this.view.getFloat64(this.at - 8, true)
  }
}
