import type { Socket } from 'node:net'
import { type Frame, FrameError, FrameReader, FrameType, FrameWriter } from './frames.js'
import type { Wire } from './wire.js'

/** Before a container has shown its token it may send only small frames. */
const STRANGER_BODY_BYTES = 64 * 1024
/** What a container takes from its frontend: models are large. */
export const MODEL_BODY_BYTES = 0x7fff_fff8
/** What a frontend takes from a container: a batch's outputs. */
export const REPLY_BODY_BYTES = 64 * 1024 ** 2

/** One socket that speaks the container protocol; the same class on both sides. */
export class Connection implements Wire {
  onFrame: (frame: Frame) => void = () => {}
  onClose: (reason: string, byThem: boolean) => void = () => {}
  readonly #socket: Socket
  readonly #reader: FrameReader
  readonly #writer = new FrameWriter()
  #reason: string | undefined
  #isTrusted = false
  #closedHere = false

  constructor(socket: Socket) {
    this.#socket = socket
    this.#reader = new FrameReader(STRANGER_BODY_BYTES, (frame) => this.onFrame(frame))
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => {
      try {
        this.#reader.push(chunk)
      } catch (error) {
        if (!(error instanceof FrameError)) throw error
        // A last word that the kernel may still deliver; nothing waits for that. To strangers there is nothing to say.
        if (this.#isTrusted) this.send(FrameType.ERROR, { message: error.message })
        this.close(`broke the protocol: ${error.message}`)
      }
    })
    socket.on('error', (error) => {
      this.#reason ??= error.message
    })
    socket.on('close', () => this.onClose(this.#reason ?? 'closed the connection', !this.#closedHere))
  }

  trust(maxBodyBytes: number): void {
    this.#reader.maxBodyBytes = maxBodyBytes
    this.#isTrusted = true
  }

  send(type: number, json: object = {}): void {
    this.write(Buffer.from(this.#writer.begin(type).json(json).end()))
  }

  write(frame: Buffer): void {
    if (!this.#socket.destroyed) this.#socket.write(frame)
  }

  end(): void {
    this.#socket.end()
  }

  close(reason: string): void {
    this.#reason ??= reason
    this.#closedHere = true
    this.#socket.destroy()
  }
}
