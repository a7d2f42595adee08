/**
 * Frames of the container protocol (PROTOCOL.md): a header of 24 bytes, then sections, everything little-endian and padded to
 * 8 bytes, so that typed arrays are views on what the socket delivered.
 */
import { bytesPerElement, type Column, codeOf, type Elements, type ElementType, typeOf, viewElements } from './element-types.js'
import { parseShallow } from './shallow-json.js'

export const PROTOCOL_MAJOR = 2
const PROTOCOL_MINOR = 0

export const FrameType = { HELLO: 1, WELCOME: 2, READY: 3, BATCH: 4, REPLY: 5, HEARTBEAT: 6, ERROR: 7 } as const
export const SectionTag = { JSON: 1, ARTIFACT: 2, INPUTS: 3, OUTPUTS: 4, STATUSES: 5, OFFSETS: 6 } as const
const UINT8 = codeOf('bytes')

const HEADER_BYTES = 24
const SECTION_BYTES = 8
/** "GYMC" as the bytes lie on the wire. */
const MAGIC = 0x434d5947
const padded = (bytes: number) => (bytes + 7) & ~7
/** A buffer that one frame made larger than this is given back after it: a single large batch must not cost its size for ever. */
const MOST_KEPT_BYTES = 1024 ** 2
const FIRST_BYTES = 1024

export class FrameError extends Error {
  override readonly name = 'FrameError'
}

export interface Section {
  readonly tag: number
  readonly elementType: number
  /** Which of several tensors, from 0. */
  readonly index: number
  readonly bytes: Uint8Array
}

/** A received frame; its sections are views, valid only during the callback. */
export class Frame {
  constructor(
    readonly major: number,
    readonly type: number,
    readonly flags: number,
    readonly batchId: number,
    readonly count: number,
    readonly sections: readonly Section[],
  ) {}

  #section(tag: number, index: number): Section | undefined {
    for (const section of this.sections) if (section.tag === tag && section.index === index) return section
    return undefined
  }

  bytes(tag: number): Uint8Array | undefined {
    return this.#section(tag, 0)?.bytes
  }

  /** Tensor `index` with its offsets, as views; undefined where there is none. @throws FrameError for bytes that are no such elements */
  column(tag: number, index = 0): Column | undefined {
    const section = this.#section(tag, index)
    if (section === undefined) return undefined
    const type = typeOf(section.elementType)
    if (type === undefined) throw new FrameError(`section ${tag} has element type ${section.elementType}, which is not known here`)
    const offsets = this.#section(SectionTag.OFFSETS, index)?.bytes
    const elements = view(section.bytes, type)
    return offsets === undefined ? { type, elements } : { type, elements, offsets: offsetsOf(offsets, this.count, elements.length) }
  }

  /** The JSON section as an object; `{}` where there is none. @throws FrameError */
  json(): Record<string, unknown> {
    const bytes = this.bytes(SectionTag.JSON)
    if (!bytes) return {}
    try {
      const value = parseShallow(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
    } catch (error) {
      throw new FrameError(`the JSON section is not read: ${(error as Error).message}`)
    }
    throw new FrameError('the JSON section does not hold an object')
  }
}

/** @throws FrameError for a part of an element too many */
function view(bytes: Uint8Array, type: ElementType): Elements {
  const size = bytesPerElement(type)
  if (bytes.byteLength % size !== 0) throw new FrameError(`${bytes.byteLength} bytes of ${type}; expected a multiple of ${size}`)
  return viewElements(type, bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / size)
}

/** @throws FrameError for offsets that do not lead from 0 to the end, forward */
function offsetsOf(bytes: Uint8Array, items: number, length: number): Uint32Array {
  if (bytes.byteLength !== 4 * (items + 1)) throw new FrameError(`${bytes.byteLength} bytes of offsets; expected ${4 * (items + 1)}`)
  const offsets = new Uint32Array(bytes.buffer, bytes.byteOffset, items + 1)
  if (offsets[0] !== 0 || offsets[items] !== length) throw new FrameError('offsets do not lead from 0 to the end')
  for (let item = 0; item < items; item++) if (offsets[item]! > offsets[item + 1]!) throw new FrameError('offsets lead back')
  return offsets
}

/** Builds frames in one buffer that is used again: a frame is valid until the next `begin`. */
export class FrameWriter {
  #buffer = Buffer.from(new ArrayBuffer(FIRST_BYTES))
  #length = 0

  begin(type: number, batchId = 0, count = 0, flags = 0): this {
    this.release()
    const buffer = this.#buffer
    buffer.writeUInt32LE(MAGIC, 0)
    buffer[4] = PROTOCOL_MAJOR
    buffer[5] = PROTOCOL_MINOR
    buffer[6] = type
    buffer[7] = flags
    buffer.writeUInt32LE(batchId, 8)
    buffer.writeUInt32LE(count, 12)
    buffer.writeUInt32LE(0, 20)
    this.#length = HEADER_BYTES
    return this
  }

  /** The last frame is not needed any more. */
  release(): void {
    if (this.#buffer.length > MOST_KEPT_BYTES) this.#buffer = Buffer.from(new ArrayBuffer(FIRST_BYTES))
  }

  /** Appends a section of `byteLength` bytes and returns where its data begins in `buffer`. */
  #reserve(tag: number, elementType: number, index: number, byteLength: number): number {
    const start = this.#length + SECTION_BYTES
    const end = start + padded(byteLength)
    if (end > this.#buffer.length) {
      const grown = Buffer.from(new ArrayBuffer(Math.max(end, this.#buffer.length * 2)))
      this.#buffer.copy(grown, 0, 0, this.#length)
      this.#buffer = grown
    }
    const buffer = this.#buffer
    buffer[this.#length] = tag
    buffer[this.#length + 1] = elementType
    buffer.writeUInt16LE(index, this.#length + 2)
    buffer.writeUInt32LE(byteLength, this.#length + 4)
    for (let at = start + byteLength; at < end; at++) buffer[at] = 0
    this.#length = end
    return start
  }

  bytes(tag: number, data: Uint8Array, index = 0): this {
    const start = this.#reserve(tag, UINT8, index, data.byteLength)
    this.#buffer.set(data, start)
    return this
  }

  json(value: object): this {
    return this.bytes(SectionTag.JSON, Buffer.from(JSON.stringify(value)))
  }

  /** A section to be filled in place, before the next one is begun. */
  elements(tag: number, type: ElementType, length: number): Elements {
    const start = this.#reserve(tag, codeOf(type), 0, length * bytesPerElement(type))
    return viewElements(type, this.#buffer.buffer as ArrayBuffer, start, length)
  }

  offsets(offsets: Uint32Array, index = 0): this {
    return this.bytes(SectionTag.OFFSETS, new Uint8Array(offsets.buffer, offsets.byteOffset, offsets.byteLength), index)
  }

  column(tag: number, { type, elements, offsets }: Column, index = 0): this {
    const start = this.#reserve(tag, codeOf(type), index, elements.byteLength)
    this.#buffer.set(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength), start)
    return offsets === undefined ? this : this.offsets(offsets, index)
  }

  /** The whole frame, a view on this writer's buffer. */
  end(): Buffer {
    this.#buffer.writeUInt32LE(this.#length - HEADER_BYTES, 16)
    return this.#buffer.subarray(0, this.#length)
  }
}

function parseFrame(buffer: Buffer, start: number, bodyBytes: number): Frame {
  const sections: Section[] = []
  const end = start + HEADER_BYTES + bodyBytes
  for (let at = start + HEADER_BYTES; at < end; ) {
    if (at + SECTION_BYTES > end) throw new FrameError('a section header passes the end of its frame')
    const byteLength = buffer.readUInt32LE(at + 4)
    const data = at + SECTION_BYTES
    const next = data + Math.ceil(byteLength / 8) * 8
    if (next > end) throw new FrameError(`a section of ${byteLength} bytes passes the end of its frame`)
    sections.push({
      tag: buffer[at]!,
      elementType: buffer[at + 1]!,
      index: buffer.readUInt16LE(at + 2),
      bytes: new Uint8Array(buffer.buffer, buffer.byteOffset + data, byteLength),
    })
    at = next
  }
  return new Frame(
    buffer[start + 4]!,
    buffer[start + 6]!,
    buffer[start + 7]!,
    buffer.readUInt32LE(start + 8),
    buffer.readUInt32LE(start + 12),
    sections,
  )
}

/** Cuts a byte stream into frames. A chunk that holds whole frames, aligned, is read where it lies; parts are gathered first. */
export class FrameReader {
  /** The most bytes of one frame's body; raised once the other side has shown its token. */
  maxBodyBytes: number
  readonly #onFrame: (frame: Frame) => void
  #pending = Buffer.alloc(0)
  #filled = 0

  constructor(maxBodyBytes: number, onFrame: (frame: Frame) => void) {
    this.maxBodyBytes = maxBodyBytes
    this.#onFrame = onFrame
  }

  /** @throws FrameError for bytes that are not this protocol */
  push(chunk: Buffer): void {
    let source = chunk
    if (this.#filled > 0 || chunk.byteOffset % 8 !== 0) {
      this.#append(chunk)
      source = this.#pending.subarray(0, this.#filled)
    }
    const consumed = this.#parse(source)
    if (source === chunk) {
      if (consumed < chunk.length) this.#append(chunk.subarray(consumed))
    } else {
      this.#pending.copyWithin(0, consumed, this.#filled)
      this.#filled -= consumed
      if (this.#filled === 0 && this.#pending.length > MOST_KEPT_BYTES) this.#pending = Buffer.alloc(0)
    }
  }

  #append(part: Buffer): void {
    const needed = this.#filled + part.length
    if (needed > this.#pending.length) {
      const grown = Buffer.from(new ArrayBuffer(Math.max(needed, this.#pending.length * 2, 4096)))
      this.#pending.copy(grown, 0, 0, this.#filled)
      this.#pending = grown
    }
    part.copy(this.#pending, this.#filled)
    this.#filled = needed
  }

  #parse(source: Buffer): number {
    let at = 0
    while (source.length - at >= HEADER_BYTES) {
      if (source.readUInt32LE(at) !== MAGIC) throw new FrameError('the stream does not begin with the magic "GYMC"')
      const bodyBytes = source.readUInt32LE(at + 16)
      if (bodyBytes % 8 !== 0 || bodyBytes > this.maxBodyBytes) {
        throw new FrameError(`a frame of ${bodyBytes} bytes; expected a multiple of 8 up to ${this.maxBodyBytes}`)
      }
      if (source.length - at < HEADER_BYTES + bodyBytes) break
      this.#onFrame(parseFrame(source, at, bodyBytes))
      at += HEADER_BYTES + bodyBytes
    }
    return at
  }
}
