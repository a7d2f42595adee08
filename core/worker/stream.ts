import type { Socket } from 'node:net'
import { deserialize, serialize } from 'node:v8'
import type { SharedFiles } from './shared-files.js'

/*
 * What travels between this process and a process worker, over one socket, in frames:
 *
 *     0–7 bytes behind this header, float64   8–11 the connection's number, or MESSAGE   12–15 bytes of the table   16… body
 *
 * A body is records of a ring, as they lie there (each begins with its length), or a message: a table of the shared
 * memory in it, as JSON, then v8's serialization, then the shared memory that did not go through a file.
 */
const HEADER = 16
const MESSAGE = 0
/** Shared memory from this size goes through a file. */
const FILE_BYTES = 256 * 1024

interface SharedPart {
  readonly bytes: number
  /** Undefined: it lies in the frame. */
  readonly file?: string
}

/** Stands for shared memory in a message; node:v8 writes SharedArrayBuffers but cannot read them. */
const PLACE = 'gymnura:shared'

/** A message with its shared memory taken out. Our own messages: plain objects and arrays, without cycles. */
function takeOut(value: unknown, shared: SharedArrayBuffer[]): unknown {
  if (value instanceof SharedArrayBuffer) {
    const known = shared.indexOf(value)
    return { [PLACE]: known >= 0 ? known : shared.push(value) - 1 }
  }
  return throughout(value, (part) => takeOut(part, shared))
}

function putBack(value: unknown, shared: readonly SharedArrayBuffer[]): unknown {
  if (isPlain(value) && PLACE in value) return shared[value[PLACE] as number]
  return throughout(value, (part) => putBack(part, shared))
}

function throughout(value: unknown, change: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(change)
  return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, part]) => [key, change(part)])) : value
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

export interface StreamReader {
  message(message: unknown): void
  /** Whole records of a connection. The bytes may be kept. */
  records(end: number, records: Buffer): void
}

/** One side of the socket. */
export class FrameStream {
  private readonly chunks: Buffer[] = []
  private have = 0
  private need = HEADER
  private header: Buffer | undefined
  private corked = false

  constructor(
    private readonly socket: Socket,
    private readonly files: SharedFiles,
    private readonly reader: StreamReader,
  ) {
    socket.on('data', (chunk: Buffer) => this.take(chunk))
  }

  /** More has been written than the system takes: what can wait should. */
  get congested(): boolean {
    return this.socket.writableNeedDrain
  }

  /** Sends a message: what structuredClone takes, with shared memory copied. Throws for anything else. */
  send(message: unknown): void {
    const shared: SharedArrayBuffer[] = []
    const body = serialize(takeOut(message, shared))
    const inline: Uint8Array[] = []
    const table = shared.map((memory): SharedPart => {
      const bytes = memory.byteLength
      const file = bytes >= FILE_BYTES ? this.files.write(memory) : undefined
      if (file !== undefined) return { bytes, file }
      // Copied now: its owner may change it before the socket takes it.
      inline.push(new Uint8Array(memory).slice())
      return { bytes }
    })
    const head = table.length === 0 ? Buffer.alloc(0) : Buffer.from(JSON.stringify(table))
    this.write(MESSAGE, head.length, [head, body, ...inline])
  }

  /** Sends one record; the bytes are copied. */
  record(end: number, record: Uint8Array): void {
    this.write(end, 0, [Buffer.from(record)])
  }

  private write(end: number, tableBytes: number, parts: readonly Uint8Array[]): void {
    if (this.socket.destroyed || this.socket.writableEnded) return
    const header = Buffer.alloc(HEADER)
    header.writeDoubleLE(
      parts.reduce((sum, { length }) => sum + length, 0),
      0,
    )
    header.writeUInt32LE(end, 8)
    header.writeUInt32LE(tableBytes, 12)
    if (!this.corked) {
      // One system call for what is sent together.
      this.corked = true
      this.socket.cork()
      queueMicrotask(() => {
        this.corked = false
        this.socket.uncork()
      })
    }
    this.socket.write(header)
    for (const part of parts) if (part.length > 0) this.socket.write(part)
  }

  private take(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.have += chunk.length
    while (this.have >= this.need) {
      const bytes = this.cut(this.need)
      if (this.header === undefined) {
        this.header = bytes
        this.need = bytes.readDoubleLE(0)
        continue
      }
      const { header } = this
      this.header = undefined
      this.need = HEADER
      const end = header.readUInt32LE(8)
      if (end === MESSAGE) this.reader.message(this.decode(bytes, header.readUInt32LE(12)))
      else this.reader.records(end, bytes)
    }
  }

  /** Takes so many bytes off what has come. */
  private cut(bytes: number): Buffer {
    this.have -= bytes
    const first = this.chunks[0]
    if (first !== undefined && first.length >= bytes) {
      if (first.length === bytes) this.chunks.shift()
      else this.chunks[0] = first.subarray(bytes)
      return first.subarray(0, bytes)
    }
    const whole = Buffer.allocUnsafe(bytes)
    for (let at = 0; at < bytes; ) {
      const chunk = this.chunks[0]!
      const used = chunk.copy(whole, at, 0, bytes - at)
      at += used
      if (used === chunk.length) this.chunks.shift()
      else this.chunks[0] = chunk.subarray(used)
    }
    return whole
  }

  private decode(body: Buffer, tableBytes: number): unknown {
    const table: SharedPart[] = tableBytes === 0 ? [] : JSON.parse(body.toString('utf8', 0, tableBytes))
    const inlineBytes = table.reduce((sum, { bytes, file }) => sum + (file === undefined ? bytes : 0), 0)
    let at = body.length - inlineBytes
    const message: unknown = deserialize(body.subarray(tableBytes, at))
    const shared = table.map(({ bytes, file }) => {
      const memory = this.shared(bytes, file, file === undefined ? body.subarray(at, at + bytes) : undefined)
      if (file === undefined) at += bytes
      return memory
    })
    return shared.length === 0 ? message : putBack(message, shared)
  }

  private shared(bytes: number, file: string | undefined, inline: Uint8Array | undefined): SharedArrayBuffer {
    try {
      const memory = new SharedArrayBuffer(bytes)
      if (inline !== undefined) new Uint8Array(memory).set(inline)
      else if (file !== undefined) this.files.take(file, memory)
      return memory
    } catch {
      // No memory, or the file is gone: whoever reads the value is told that it is too short.
      return new SharedArrayBuffer(0)
    }
  }
}
