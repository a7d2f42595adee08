import type { Socket } from 'node:net'
import { type Frame, FrameError, FrameReader, FrameWriter } from './frames.js'

/** Before a container has shown its token it may send only small frames. */
const STRANGER_BODY_BYTES = 64 * 1024
const TRUSTED_BODY_BYTES = 0x7fff_fff8

/** One socket that speaks the container protocol; the same class on both sides. */
export class Connection {
  onFrame: (frame: Frame) => void = () => {}
  /** Called once, with the reason. */
  onClose: (reason: string) => void = () => {}
  readonly #socket: Socket
  readonly #reader: FrameReader
  readonly #writer = new FrameWriter()
  #reason: string | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#reader = new FrameReader(STRANGER_BODY_BYTES, (frame) => this.onFrame(frame))
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#reader.push(chunk)
      } catch (error) {
        if (!(error instanceof FrameError)) throw error
        this.close(`broke the protocol: ${error.message}`)
      }
    })
    socket.on('error', (error) => {
      this.#reason ??= error.message
    })
    socket.on('close', () => this.onClose(this.#reason ?? 'closed the connection'))
  }

  /** Lifts the limit on a frame's size. */
  trust(): void {
    this.#reader.maxBodyBytes = TRUSTED_BODY_BYTES
  }

  /** A small frame: JSON only. For batches write a frame of your own with `write`. */
  send(type: number, json: object = {}): void {
    this.write(Buffer.from(this.#writer.begin(type).json(json).end()))
  }

  /** The buffer must stay untouched until the other side has answered. */
  write(frame: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(frame)
  }

  /** Sends what was written, then says goodbye. */
  end(): void {
    this.#socket.end()
  }

  close(reason: string): void {
    this.#reason ??= reason
    this.#socket.destroy()
  }
}
