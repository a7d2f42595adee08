import type { MessagePort, Worker } from 'node:worker_threads'
import { type Frame, FrameError, FrameReader, FrameWriter } from './frames.js'
import type { Wire } from './wire.js'

/** The container protocol between threads: a message holds whole frames. */
export class PortWire implements Wire {
  onFrame: (frame: Frame) => void = () => {}
  onClose: (reason: string, byThem: boolean) => void = () => {}
  readonly #port: MessagePort | Worker
  readonly #writer = new FrameWriter()
  readonly #reader = new FrameReader(Number.MAX_SAFE_INTEGER, (frame) => this.onFrame(frame))
  #closed = false

  constructor(port: MessagePort | Worker) {
    this.#port = port
    port.on('message', (message: unknown) => {
      try {
        if (!(message instanceof ArrayBuffer)) throw new FrameError('a message that is no frame')
        if (!this.#closed) this.#reader.push(Buffer.from(message))
      } catch (error) {
        if (!(error instanceof FrameError)) throw error
        this.close(`broke the protocol: ${error.message}`)
      }
    })
  }

  /** Threads share an address space: there is no stranger at the other end. */
  trust(): void {}

  send(type: number, json: object = {}): void {
    this.write(this.#writer.begin(type).json(json).end())
  }

  write(frame: Buffer): void {
    if (this.#closed) return
    const copy = new Uint8Array(frame)
    this.#port.postMessage(copy.buffer, [copy.buffer])
  }

  end(): void {
    if (!this.#closed) this.#port.postMessage(null)
  }

  close(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    this.onClose(reason, false)
  }
}
