import { type ChildProcess, spawn } from 'node:child_process'
import { ServeError } from '../errors.js'
import type { Connection } from './connection.js'
import type { BatchDone, BatchInputs, ModelDescription } from './container.js'
import { type Frame, FrameError, FrameType, FrameWriter, SectionTag } from './frames.js'
import type { ContainerListener } from './listener.js'
import { readDescription, readReply } from './replies.js'

/** A container that has not become warm by then is given up. */
const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 2_000
const HEARTBEAT_MS = 1_000
/** Missed ticks, not elapsed time: a frontend that paused itself counts one, not the whole pause. */
const HEARTBEATS_MISSED = 10
/** With more than this many missed it is not asked to leave, but killed. */
const HEARTBEATS_LATE = 1
const LAST_WORDS_MS = 100
const KEPT_ERROR_CHARS = 2_000

export interface ProcessCommand {
  readonly command: string
  readonly args: readonly string[]
  /** What the container loads: sent over its connection, so that it need not share a disk. */
  readonly artifact: Uint8Array
  /** `name:version`, for the container's own messages. */
  readonly model: string
}

/** What a life tells: `ready` at most once, then `ended` exactly once, each at the moment it happens. */
export interface LifeEvents {
  ready(description: ModelDescription): void
  /** Batches in flight have been reported lost by then. */
  ended(error: ServeError): void
}

interface OpenBatch {
  readonly size: number
  readonly wantsExtras: boolean
  readonly writer: FrameWriter
  readonly done: BatchDone
}

/**
 * One life of a container process: starting → ready → ended, or starting → ended; never back. Everything that can end it (the process,
 * its connection, its silence, what it says) goes through `#end`.
 */
export class ContainerProcess {
  maxInFlight = 1
  readonly #command: ProcessCommand
  readonly #events: LifeEvents
  readonly #child: ChildProcess
  readonly #gone: Promise<void>
  readonly #open = new Map<number, OpenBatch>()
  readonly #writers: FrameWriter[] = []
  readonly #forgetToken: () => void
  readonly #startLimit: NodeJS.Timeout
  #description: ModelDescription | undefined
  #ended = false
  #connection: Connection | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #missed = 0
  #nextBatchId = 1
  #lastWords = ''

  /** @param address where `listener` listens */
  constructor(command: ProcessCommand, listener: ContainerListener, address: string, events: LifeEvents) {
    this.#command = command
    this.#events = events
    const { token, forget } = listener.expect({
      arrived: (connection, maxInFlight) => this.#welcome(connection, maxInFlight),
      refused: (reason) => this.#end(`was turned away: ${reason}`),
    })
    this.#forgetToken = forget
    this.#startLimit = setTimeout(() => this.#end(`was not warm after ${START_LIMIT_MS} ms`), START_LIMIT_MS)
    this.#child = spawn(command.command, command.args, {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, GYMNURA_CONTAINER_ADDRESS: address, GYMNURA_CONTAINER_TOKEN: token },
    })
    // Its standard input only tells it that this process is gone; an error on it says the same of the child.
    this.#child.stdin?.on('error', () => {})
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-KEPT_ERROR_CHARS)
    })
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#end(`cannot be started: ${error.message}`)
        resolve()
      })
      const exited = (code: number | null, signal: string | null) => {
        this.#end(`exited with ${signal ?? `code ${code}`}`)
        resolve()
      }
      // 'close' comes when its last words are read; a grandchild that holds its standard error could put that off for ever.
      this.#child.once('close', exited)
      this.#child.once('exit', (code, signal) => setTimeout(exited, LAST_WORDS_MS, code, signal).unref())
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ready(): boolean {
    return this.#description !== undefined && !this.#ended
  }

  #welcome(connection: Connection, maxInFlight: number): void {
    this.#connection = connection
    this.maxInFlight = maxInFlight
    connection.onClose = (reason) => this.#end(reason)
    connection.onFrame = (frame) => this.#receive(frame)
    const { model, artifact } = this.#command
    const welcome = new FrameWriter().begin(FrameType.WELCOME).json({ model, heartbeatMs: HEARTBEAT_MS })
    connection.write(welcome.bytes(SectionTag.ARTIFACT, artifact).end())
    this.#heartbeat = setInterval(() => {
      if (++this.#missed >= HEARTBEATS_MISSED) this.#end(`was silent for ${HEARTBEATS_MISSED} heartbeats`)
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  /** @throws FrameError for what the protocol does not allow: the container is not to be believed any more */
  #receive(frame: Frame): void {
    if (this.#ended) return
    this.#missed = 0
    if (frame.type === FrameType.REPLY) this.#reply(frame)
    else if (frame.type === FrameType.READY) {
      if (this.#description) throw new FrameError('ready twice')
      this.#description = readDescription(frame)
      clearTimeout(this.#startLimit)
      this.#events.ready(this.#description)
    } else if (frame.type === FrameType.ERROR) {
      const { message } = frame.json()
      const told = typeof message === 'string' ? message : 'the container sent an ERROR without a message'
      this.#end(`failed: ${told}`, this.#description ? undefined : new ServeError('MODEL_REFUSED', `${this.#command.model}: ${told}`))
    }
  }

  #reply(frame: Frame): void {
    const batch = this.#open.get(frame.batchId)
    if (!batch || !this.#description) throw new FrameError(`reply to batch ${frame.batchId}, which is not open`)
    const reply = readReply(frame, batch.size, this.#description, batch.wantsExtras)
    this.#open.delete(frame.batchId)
    this.#writers.push(batch.writer)
    batch.done(reply)
  }

  /** Only while `ready`. */
  evaluate(inputs: BatchInputs, done: BatchDone): void {
    const batchId = this.#nextBatchId
    this.#nextBatchId = batchId === 0xffff_ffff ? 1 : batchId + 1
    // A writer is free again when its batch is answered: by then the container has read the frame.
    const writer = this.#writers.pop() ?? new FrameWriter()
    const wantsExtras = inputs.wantsExtras && this.#description!.extras !== undefined
    this.#open.set(batchId, { size: inputs.size, wantsExtras, writer, done })
    writer.begin(FrameType.BATCH, batchId, inputs.size)
    if (wantsExtras) writer.json({ extras: true })
    inputs.gather(writer.floats(SectionTag.INPUTS, inputs.size * this.#description!.inputSize))
    this.#connection?.write(writer.end())
  }

  #end(reason: string, error?: ServeError): void {
    if (this.#ended) return
    this.#ended = true
    this.#forgetToken()
    clearTimeout(this.#startLimit)
    clearInterval(this.#heartbeat)
    this.#child.kill('SIGKILL')
    this.#connection?.close(reason)
    const lost = [...this.#open.values()]
    this.#open.clear()
    for (const { done } of lost) done(null, reason)
    const words = this.#lastWords.trim()
    const told = words ? `${reason}; it last said: ${words}` : reason
    this.#events.ended(error ?? new ServeError('CONTAINER_FAILED', `the container of ${this.#command.model} ${told}`))
  }

  /** Says goodbye; a process that does not leave, or could not hear, is killed. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.ready && this.#missed <= HEARTBEATS_LATE) {
      this.#child.stdin?.end()
      this.#connection?.end()
    } else this.#end('was stopped')
    const limit = setTimeout(() => this.#end('was stopped'), STOP_LIMIT_MS)
    await this.#gone
    clearTimeout(limit)
  }
}
