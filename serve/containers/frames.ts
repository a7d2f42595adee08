/**
 * Frames of the container protocol (PROTOCOL.md): a header of 24 bytes, then sections, everything little-endian and padded to
 * 8 bytes, so that typed arrays are views on what the socket delivered.
 */
export const PROTOCOL_MAJOR = 1
const PROTOCOL_MINOR = 1

export const FrameType = { HELLO: 1, WELCOME: 2, READY: 3, BATCH: 4, REPLY: 5, HEARTBEAT: 6, ERROR: 7 } as const
export const SectionTag = { JSON: 1, ARTIFACT: 2, INPUTS: 3, OUTPUTS: 4, STATUSES: 5, EXTRA: 6 } as const
const ElementType = { UINT8: 1, INT32: 2, FLOAT32: 3 } as const

const HEADER_BYTES = 24
const SECTION_BYTES = 8
/** "GYMC" as the bytes lie on the wire. */
const MAGIC = 0x434d5947
const padded = (bytes: number) => (bytes + 7) & ~7

export class FrameError extends Error {
  override readonly name = 'FrameError'
}

export interface Section {
  readonly tag: number
  readonly elementType: number
  readonly bytes: Uint8Array
}

function numbersOf(section: Section | undefined): Float32Array | Int32Array | undefined {
  if (!section || section.bytes.byteLength % 4 !== 0) return undefined
  const { buffer, byteOffset, byteLength } = section.bytes
  if (section.elementType === ElementType.FLOAT32) return new Float32Array(buffer, byteOffset, byteLength / 4)
  if (section.elementType === ElementType.INT32) return new Int32Array(buffer, byteOffset, byteLength / 4)
  return undefined
}

/** A received frame; its sections are views, valid only during the callback. */
export class Frame {
  constructor(
    readonly major: number,
    readonly type: number,
    readonly batchId: number,
    readonly count: number,
    readonly sections: readonly Section[],
  ) {}

  section(tag: number): Section | undefined {
    for (const section of this.sections) if (section.tag === tag) return section
    return undefined
  }

  bytes(tag: number): Uint8Array | undefined {
    return this.section(tag)?.bytes
  }

  /** A float32 or int32 section as a view. */
  numbers(tag: number): Float32Array | Int32Array | undefined {
    return numbersOf(this.section(tag))
  }

  /** All float32 sections with this tag, in their order, as views. */
  allFloats(tag: number): Float32Array[] {
    const arrays = this.sections.filter((section) => section.tag === tag).map(numbersOf)
    return arrays.filter((numbers) => numbers instanceof Float32Array)
  }

  /** The JSON section as an object; `{}` where there is none. @throws FrameError */
  json(): Record<string, unknown> {
    const bytes = this.bytes(SectionTag.JSON)
    if (!bytes) return {}
    try {
      const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
    } catch {
      // told below
    }
    throw new FrameError('the JSON section does not hold an object')
  }
}

/** Builds frames in one buffer that is used again: a frame is valid until the next `begin`. */
export class FrameWriter {
  #buffer = Buffer.from(new ArrayBuffer(1024))
  #length = 0

  begin(type: number, batchId = 0, count = 0): this {
    const buffer = this.#buffer
    buffer.writeUInt32LE(MAGIC, 0)
    buffer[4] = PROTOCOL_MAJOR
    buffer[5] = PROTOCOL_MINOR
    buffer[6] = type
    buffer[7] = 0
    buffer.writeUInt32LE(batchId, 8)
    buffer.writeUInt32LE(count, 12)
    buffer.writeUInt32LE(0, 20)
    this.#length = HEADER_BYTES
    return this
  }

  /** Appends a section of `byteLength` bytes and returns where its data begins in `buffer`. */
  #reserve(tag: number, elementType: number, byteLength: number): number {
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
    buffer[this.#length + 2] = 0
    buffer[this.#length + 3] = 0
    buffer.writeUInt32LE(byteLength, this.#length + 4)
    for (let at = start + byteLength; at < end; at++) buffer[at] = 0
    this.#length = end
    return start
  }

  bytes(tag: number, data: Uint8Array): this {
    const start = this.#reserve(tag, ElementType.UINT8, data.byteLength)
    this.#buffer.set(data, start)
    return this
  }

  json(value: object): this {
    return this.bytes(SectionTag.JSON, Buffer.from(JSON.stringify(value)))
  }

  /** A float32 section to be filled in place. */
  floats(tag: number, length: number): Float32Array {
    const start = this.#reserve(tag, ElementType.FLOAT32, length * 4)
    return new Float32Array(this.#buffer.buffer, start, length)
  }

  numbers(tag: number, data: Float32Array | Int32Array): this {
    const elementType = data instanceof Float32Array ? ElementType.FLOAT32 : ElementType.INT32
    const start = this.#reserve(tag, elementType, data.byteLength)
    this.#buffer.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start)
    return this
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
      bytes: new Uint8Array(buffer.buffer, buffer.byteOffset + data, byteLength),
    })
    at = next
  }
  return new Frame(buffer[start + 4]!, buffer[start + 6]!, buffer.readUInt32LE(start + 8), buffer.readUInt32LE(start + 12), sections)
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
