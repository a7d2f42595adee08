import { readFileSync } from 'node:fs'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'
import { type BatchDone, type BatchInputs, MOST_IN_FLIGHT, type ModelDescription, mayBeInFlight } from './container.js'
import { type Frame, FrameError, FrameType, FrameWriter, SectionTag } from './frames.js'
import type { Host, HostEvents, StartHost } from './host.js'
import type { ContainerSettings, Isolation, LoadSettings } from './kinds.js'
import { readDescription, readReply } from './replies.js'
import type { Wire } from './wire.js'

/** A container that has not become warm by then is given up. */
const START_LIMIT_MS = 30_000
const STOP_LIMIT_MS = 2_000
const HEARTBEAT_MS = 1_000
/** Missed ticks, not elapsed time: a frontend that paused itself counts one, not the whole pause. */
const HEARTBEATS_MISSED = 10
/** With more than this many missed it is not asked to leave, but killed. */
const HEARTBEATS_LATE = 1
/** A batch that has no reply after so many milliseconds hangs, whatever the heart beats. */
export const BATCH_LIMIT_MS = 10_000
/** How a process ended, and what it said last, is known this soon after its connection is closed, or not at all. */
const CAUSE_LIMIT_MS = 200
/** Frames between two ticks that answer nothing: more than this is a flood. */
const MOST_IDLE_FRAMES = 1_000
const MIB = 1024 ** 2

/** A model, and how its containers are run. */
export interface ContainerModel {
  /** What the container loads: sent over its connection, so that it need not share a disk. */
  readonly artifact: Uint8Array
  /** `name:version`, for messages. */
  readonly model: string
  readonly isolation: Isolation
  readonly settings: ContainerSettings
  /** What its first container said of it: what every other one has to say too. */
  described?: ModelDescription
}

const shapeOf = ({ inputType, inputSize, outputs }: ModelDescription) => JSON.stringify([inputType, inputSize, outputs])

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
  /** Ticks since it was sent. */
  age: number
}

/**
 * One life of a container: starting → ready → ended, or starting → ended; never back. Everything that can end it (its host, its
 * connection, its silence, what it says) goes through `#end`.
 */
export class ContainerLife {
  maxInFlight = 1
  readonly #model: ContainerModel
  readonly #events: LifeEvents
  readonly #host: Host
  readonly #gone: Promise<void>
  readonly #open = new Map<number, OpenBatch>()
  readonly #writers: FrameWriter[] = []
  readonly #startLimit: NodeJS.Timeout | undefined
  #causeLimit: NodeJS.Timeout | undefined
  #description: ModelDescription | undefined
  /** It answers nothing any more; `#told` once that is told, too. */
  #ended = false
  #told = false
  #wire: Wire | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #missed = 0
  #idleFrames = 0
  #nextBatchId = 1

  constructor(model: ContainerModel, startHost: StartHost, events: LifeEvents) {
    this.#model = model
    this.#events = events
    let gone = () => {}
    this.#gone = new Promise((resolve) => {
      gone = resolve
    })
    this.#host = started(startHost, {
      arrived: (wire, maxInFlight) => this.#welcome(wire, maxInFlight),
      refused: (reason) => this.#end(`was turned away: ${reason}`),
      gone: (reason) => {
        this.#end(reason)
        gone()
      },
    })
    const { startMs = START_LIMIT_MS } = model.settings.limits
    const isLimited = !this.#host.isAwaited || model.settings.limits.startMs !== undefined
    if (isLimited) this.#startLimit = setTimeout(() => this.#end(`was not warm after ${startMs} ms`), startMs)
  }

  get pid(): number | undefined {
    return this.#host.pid
  }

  get ready(): boolean {
    return this.#description !== undefined && !this.#ended
  }

  #welcome(wire: Wire, maxInFlight: number): void {
    if (this.#ended) {
      wire.close('came too late')
      return
    }
    this.#wire = wire
    this.maxInFlight = maxInFlight
    wire.onClose = (reason, byThem) => this.#hungUp(reason, byThem)
    wire.onFrame = (frame) => this.#receive(frame)
    const { model, artifact, settings } = this.#model
    const { kind, inputType, inputSize, outputs, path, maxInFlight: wanted } = settings
    const told: LoadSettings = { kind, inputType, inputSize, outputs, path, maxInFlight: wanted }
    const welcome = new FrameWriter().begin(FrameType.WELCOME).json({ model, heartbeatMs: HEARTBEAT_MS, settings: told })
    wire.write(welcome.bytes(SectionTag.ARTIFACT, artifact).end())
    this.#heartbeat = setInterval(() => this.#tick(), HEARTBEAT_MS)
    this.#heartbeat.unref()
  }

  #tick(): void {
    this.#idleFrames = 0
    if (++this.#missed >= HEARTBEATS_MISSED) this.#end(`was silent for ${HEARTBEATS_MISSED} heartbeats`)
    const { batchMs = BATCH_LIMIT_MS, memoryMB } = this.#model.settings.limits
    for (const batch of this.#open.values()) {
      if (++batch.age * HEARTBEAT_MS <= batchMs) continue
      this.#end(`has not answered a batch for ${batchMs} ms`)
      return
    }
    const { pid } = this.#host
    if (memoryMB === undefined || pid === undefined) return
    const usedMB = residentBytes(pid) / MIB
    if (usedMB > memoryMB) this.#end(`uses ${Math.round(usedMB)} MiB of memory; its limit is ${memoryMB} MiB`)
  }

  /** @throws FrameError for what the protocol does not allow: the container is not to be believed any more */
  #receive(frame: Frame): void {
    if (this.#ended) return
    this.#missed = 0
    if (frame.type === FrameType.REPLY) this.#reply(frame)
    else this.#hear(frame)
  }

  #hear(frame: Frame): void {
    if (++this.#idleFrames > MOST_IDLE_FRAMES) throw new FrameError(`more than ${MOST_IDLE_FRAMES} frames a heartbeat that answer nothing`)
    if (frame.type === FrameType.READY) this.#becomeReady(frame)
    else if (frame.type === FrameType.ERROR) {
      const { message } = frame.json()
      const told = typeof message === 'string' ? message : 'the container sent an ERROR without a message'
      this.#end(`failed: ${told}`, this.#description ? undefined : new ServeError('MODEL_REFUSED', `${this.#model.model}: ${told}`))
    }
  }

  #becomeReady(frame: Frame): void {
    if (this.#description) throw new FrameError('ready twice')
    const { maxInFlight = this.maxInFlight, ...said } = frame.json()
    if (!mayBeInFlight(maxInFlight))
      throw new FrameError(`ready's maxInFlight is ${shown(maxInFlight)}; expected a whole number from 1 to ${MOST_IN_FLIGHT}`)
    this.maxInFlight = maxInFlight
    const description = readDescription(said)
    this.#model.described ??= description
    const expected = shapeOf(this.#model.described)
    if (shapeOf(description) !== expected)
      throw new FrameError(`ready says ${shapeOf(description)}; this model's containers say ${expected}`)
    this.#description = description
    clearTimeout(this.#startLimit)
    this.#events.ready(this.#description)
  }

  #reply(frame: Frame): void {
    const batch = this.#open.get(frame.batchId)
    if (!batch || !this.#description) throw new FrameError(`reply to batch ${frame.batchId}, which is not open`)
    const reply = readReply(frame, batch.size, batch.wantsExtras, this.#description)
    this.#open.delete(frame.batchId)
    batch.writer.release()
    this.#writers.push(batch.writer)
    batch.done(reply)
  }

  /** Only while `ready`. */
  evaluate(inputs: BatchInputs, done: BatchDone): void {
    const batchId = this.#nextBatchId
    this.#nextBatchId = batchId === 0xffff_ffff ? 1 : batchId + 1
    // A writer is free again when its batch is answered: by then the container has read the frame.
    const writer = this.#writers.pop() ?? new FrameWriter()
    const { size, wantsExtras } = inputs
    this.#open.set(batchId, { size, wantsExtras, writer, done, age: 0 })
    writer.begin(FrameType.BATCH, batchId, size, wantsExtras ? 1 : 0)
    const offsets = inputs.offsets()
    if (offsets !== undefined) writer.offsets(offsets)
    inputs.gather(writer.elements(SectionTag.INPUTS, this.#description!.inputType, inputs.length))
    this.#wire?.write(writer.end())
  }

  /** A process that ends closes its connection a moment before it is known how it ended, which says more. */
  #hungUp(reason: string, byThem: boolean): void {
    if (!byThem || this.#host.pid === undefined) {
      this.#end(reason)
      return
    }
    this.#lose(reason)
    this.#causeLimit ??= setTimeout(() => this.#end(reason), CAUSE_LIMIT_MS)
  }

  /** No batch goes there any more, and those that are open are given to others. */
  #lose(reason: string): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#startLimit)
    clearInterval(this.#heartbeat)
    const lost = [...this.#open.values()]
    this.#open.clear()
    this.#wire?.close(reason)
    for (const { done } of lost) done(null, reason)
  }

  #end(reason: string, error?: ServeError): void {
    if (this.#told) return
    this.#told = true
    clearTimeout(this.#causeLimit)
    // (Not there yet where its start has failed at once.)
    this.#host?.kill()
    this.#lose(reason)
    const words = this.#host?.lastWords.trim()
    const told = words ? `${reason}; it last said: ${words}` : reason
    this.#events.ended(error ?? new ServeError('CONTAINER_FAILED', `the container of ${this.#model.model} ${told}`))
  }

  /** Says goodbye; a container that does not leave, or could not hear, is killed. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.ready && this.#missed <= HEARTBEATS_LATE) {
      this.#wire?.end()
      this.#host.leave()
    } else this.#end('was stopped')
    const limit = setTimeout(() => this.#end('was stopped'), STOP_LIMIT_MS)
    await this.#gone
    clearTimeout(limit)
  }
}

/** What cannot even be started (no memory, no thread) is a host that is gone; told a little later, as by any other. */
function started(startHost: StartHost, events: HostEvents): Host {
  try {
    return startHost(events)
  } catch (error) {
    queueMicrotask(() => events.gone(`cannot be started: ${(error as Error).message}`))
    return { pid: undefined, lastWords: '', isAwaited: false, leave: () => {}, kill: () => {} }
  }
}

/** 0 where it cannot be read: on other systems than Linux, or when the process is gone. */
function residentBytes(pid: number): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}
