import { type ChildProcess, spawn } from 'node:child_process'
import { ServeError } from '../errors.js'
import type { Connection } from './connection.js'
import type { BatchDone, BatchInputs, ModelDescription } from './container.js'
import { type Frame, FrameError, FrameType, FrameWriter, SectionTag } from './frames.js'
import type { ContainerListener, Hello } from './listener.js'

/** A container that has not become warm by then is given up. */
const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 2_000
const HEARTBEAT_MS = 1_000
/** Missed ticks, not elapsed time: a frontend that paused itself counts one, not the whole pause. */
const HEARTBEATS_MISSED = 10
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

interface OpenBatch {
  readonly size: number
  readonly writer: FrameWriter
  readonly done: BatchDone
}

/** One life of a container process: spawned, warmed, answering batches, gone. It is never used again after `onExit`. */
export class ContainerProcess {
  /** Called once, when it can answer no more; batches in flight have been reported lost by then. */
  onExit: (reason: string) => void = () => {}
  maxInFlight = 1
  description: ModelDescription | undefined
  readonly #child: ChildProcess
  readonly #open = new Map<number, OpenBatch>()
  readonly #writers: FrameWriter[] = []
  readonly #command: ProcessCommand
  readonly #gone: Promise<void>
  #connection: Connection | undefined
  #forgetToken = () => {}
  #heartbeat: NodeJS.Timeout | undefined
  #missed = 0
  #nextBatchId = 1
  #ended = false
  #lastWords = ''
  #settleStart: ((error: ServeError | undefined) => void) | undefined

  private constructor(command: ProcessCommand, address: string, token: string) {
    this.#command = command
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

  /** Resolves once the model is warm. @throws ServeError `MODEL_REFUSED`, `CONTAINER_FAILED` */
  static async start(command: ProcessCommand, listener: ContainerListener): Promise<ContainerProcess> {
    const address = await listener.address()
    const { token, forget } = listener.expect((connection, hello) => life.#welcome(connection, hello))
    const life: ContainerProcess = new ContainerProcess(command, address, token)
    life.#forgetToken = forget
    await life.#started()
    return life
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  #started(): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => this.#end(`was not warm after ${START_LIMIT_MS} ms`), START_LIMIT_MS)
      this.#settleStart = (error) => {
        clearTimeout(limit)
        this.#settleStart = undefined
        if (error) reject(error)
        else resolve()
      }
    })
  }

  #welcome(connection: Connection, hello: Hello): void {
    this.#connection = connection
    this.maxInFlight = hello.maxInFlight
    connection.onClose = (reason) => this.#end(reason)
    connection.onFrame = (frame) => this.#receive(frame)
    const { model, artifact } = this.#command
    const welcome = new FrameWriter().begin(FrameType.WELCOME).json({ model, heartbeatMs: HEARTBEAT_MS })
    connection.write(welcome.bytes(SectionTag.ARTIFACT, artifact).end())
    this.#heartbeat = setInterval(() => {
      if (++this.#missed > HEARTBEATS_MISSED) this.#end(`was silent for ${HEARTBEATS_MISSED} heartbeats`)
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  #receive(frame: Frame): void {
    this.#missed = 0
    if (frame.type === FrameType.REPLY) this.#reply(frame)
    else if (frame.type === FrameType.READY) {
      if (this.description) throw new FrameError('ready twice')
      this.description = readDescription(frame)
      this.#settleStart?.(undefined)
    } else if (frame.type === FrameType.ERROR) {
      const { message } = frame.json()
      this.#settleStart?.(new ServeError('MODEL_REFUSED', `${this.#command.model}: ${message}`))
      this.#end(String(message))
    }
  }

  /** @throws FrameError for a reply that doesn't fit its batch: the container is not to be believed any more */
  #reply(frame: Frame): void {
    const batch = this.#open.get(frame.batchId)
    if (!batch) throw new FrameError(`reply to batch ${frame.batchId}, which is not open`)
    const outputs = frame.numbers(SectionTag.OUTPUTS)
    const expected = batch.size * this.description!.outputSize
    if (frame.count !== batch.size || outputs?.length !== expected) {
      throw new FrameError(`reply of ${frame.count} items, ${outputs?.length ?? 0} numbers; expected ${batch.size}, ${expected}`)
    }
    const statuses = frame.bytes(SectionTag.STATUSES)
    if (statuses && statuses.length !== batch.size) throw new FrameError(`${statuses.length} status codes; expected ${batch.size}`)
    this.#open.delete(frame.batchId)
    this.#writers.push(batch.writer)
    batch.done({ outputs, statuses, errors: statuses && (frame.json() as Record<number, string>) })
  }

  evaluate(inputs: BatchInputs, done: BatchDone): void {
    const batchId = this.#nextBatchId
    this.#nextBatchId = batchId === 0xffff_ffff ? 1 : batchId + 1
    // A writer is free again when its batch is answered: by then the container has read the frame.
    const writer = this.#writers.pop() ?? new FrameWriter()
    this.#open.set(batchId, { size: inputs.size, writer, done })
    writer.begin(FrameType.BATCH, batchId, inputs.size)
    inputs.gather(writer.floats(SectionTag.INPUTS, inputs.size * this.description!.inputSize))
    this.#connection?.write(writer.end())
  }

  #end(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#forgetToken()
    clearInterval(this.#heartbeat)
    this.#child.kill('SIGKILL')
    this.#connection?.close(reason)
    const words = this.#lastWords.trim()
    const told = words ? `${reason}; it last said: ${words}` : reason
    this.#settleStart?.(new ServeError('CONTAINER_FAILED', `the container of ${this.#command.model} ${told}`))
    const lost = [...this.#open.values()]
    this.#open.clear()
    for (const { done } of lost) done(null, reason)
    this.onExit(told)
  }

  /** Says goodbye; a process that does not leave is killed. */
  async stop(): Promise<void> {
    this.#child.stdin?.end()
    this.#connection?.end()
    const limit = setTimeout(() => this.#end('was stopped'), STOP_LIMIT_MS)
    await this.#gone
    clearTimeout(limit)
  }
}

function readDescription(frame: Frame): ModelDescription {
  const json = frame.json()
  const { inputType, inputSize, outputSize, outputType } = json
  const count = (value: unknown) => typeof value === 'number' && Number.isSafeInteger(value) && value > 0
  if (inputType !== 'floats' || !count(inputSize) || !count(outputSize) || (outputType !== 'integer' && outputType !== 'floats')) {
    throw new FrameError(`ready says ${JSON.stringify(json).slice(0, 200)}; expected inputType, inputSize, outputSize, outputType`)
  }
  return json as unknown as ModelDescription
}
