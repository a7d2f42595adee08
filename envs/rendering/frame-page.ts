/** A page in the browser that shows what an environment draws; also where nobody looks, and while the program never pauses. */
import type { RenderFrame } from '../env.js'
import { EnvError } from '../errors.js'
import { nodeModule, threadFlags } from '../host.js'
import type { Drawing } from './canvas.js'
import { recordDrawing } from './recording.js'

type Message = { keys?: string[]; port?: number; error?: string }

/** A server that does not listen by then never will. */
const START_MS = 10_000
/** Between two looks for its first message, while this thread sleeps. */
const LOOK_MS = 5

export class FramePage {
  readonly url: string
  readonly #worker: import('node:worker_threads').Worker
  readonly #receive: () => Message | undefined
  readonly #bell = new Int32Array(new SharedArrayBuffer(4))
  #keys: readonly string[] = []
  #shownMs = 0

  /** @param port any free one for 0 @throws EnvError (ENVS_PAGE) where the port is taken, ENVS_NEEDS_NODE */
  constructor(title: string, port = 0) {
    const { MessageChannel, receiveMessageOnPort, Worker } = nodeModule('node:worker_threads', 'a page of frames')
    this.#worker = new Worker(new URL('./page-worker.js', import.meta.url), { workerData: { port }, ...threadFlags() })
    // The program ends although the page could go on.
    this.#worker.unref()
    const channel = new MessageChannel()
    this.#worker.postMessage({ channel: channel.port2 }, [channel.port2])
    this.#receive = () => receiveMessageOnPort(channel.port1)?.message as Message | undefined
    const first = this.#firstMessage()
    if (first.port === undefined) {
      this.close()
      throw new EnvError('ENVS_PAGE', `no page can be shown on port ${port}: ${first.error}`)
    }
    this.url = `http://127.0.0.1:${first.port}/`
    this.#worker.postMessage({ title })
  }

  #firstMessage(): Message {
    for (const end = performance.now() + START_MS; performance.now() < end; ) {
      const message = this.#receive()
      if (message) return message
      Atomics.wait(this.#bell, 0, 0, LOOK_MS)
    }
    return { error: `the server did not start within ${START_MS / 1000} s` }
  }

  show(picture: Drawing | RenderFrame | null): void {
    const frame = Array.isArray(picture) ? picture.at(-1) : picture
    if (frame === null || frame === undefined) return
    if (typeof frame === 'string') this.#worker.postMessage({ text: frame })
    else if ('paint' in frame) this.#worker.postMessage({ shapes: recordDrawing(frame) })
    else this.#worker.postMessage({ rgb: frame })
  }

  /** A line below the picture. */
  tell(status: string): void {
    this.#worker.postMessage({ status })
  }

  /** What keys do, below that. */
  explain(keys: string): void {
    this.#worker.postMessage({ keys })
  }

  /** The keys held down in the page, and those that were pressed since the last look, however shortly; in alphabetic order. */
  takeKeys(): readonly string[] {
    const pressed = new Set<string>()
    for (let message = this.#receive(); message; message = this.#receive()) {
      if (!message.keys) continue
      this.#keys = message.keys
      for (const key of message.keys) pressed.add(key)
    }
    for (const key of this.#keys) pressed.add(key)
    return [...pressed].sort()
  }

  /** Sleeps, this whole thread, until the time for the next picture. */
  pace(fps: number): void {
    const wait = this.#shownMs + 1000 / fps - performance.now()
    if (wait > 0) Atomics.wait(this.#bell, 0, 0, wait)
    this.#shownMs = performance.now()
  }

  close(): void {
    void this.#worker.terminate()
  }
}
