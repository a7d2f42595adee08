import { type BatchReply, ITEM_FAILED } from './container.js'
import type { Column } from './element-types.js'
import { type Frame, FrameType, FrameWriter, SectionTag } from './frames.js'
import type { LoadSettings } from './kinds.js'
import { loadModel } from './load.js'
import { evaluate, type LoadedModel, messageOf } from './model.js'
import { MOST_OUTPUT_BYTES } from './replies.js'
import type { Wire } from './wire.js'

/** Loads a model that is sent, or the one that the container has. */
export type Load = (artifact: Uint8Array, settings: LoadSettings) => Promise<LoadedModel>

/** The container's side of the protocol: says hello, loads the model, answers batches. */
export function answerBatches(wire: Wire, token: string, load: Load = loadModel, refused: (reason: string) => void = () => {}): void {
  const answering = new Answering(wire, load, refused)
  wire.onFrame = (frame) => answering.receive(frame)
  wire.send(FrameType.HELLO, { token, pid: process.pid })
}

class Answering {
  readonly #writers: FrameWriter[] = []
  #model: LoadedModel | undefined

  constructor(
    private readonly wire: Wire,
    private readonly load: Load,
    private readonly refused: (reason: string) => void,
  ) {}

  receive(frame: Frame): void {
    if (frame.type === FrameType.WELCOME) void this.#load(frame)
    else if (frame.type === FrameType.ERROR) this.refused(String(frame.json().message))
    else if (frame.type === FrameType.BATCH && this.#model) void this.#answer(frame, this.#model)
  }

  async #load(frame: Frame): Promise<void> {
    const { heartbeatMs, settings } = frame.json()
    // The view ends with this call, and loading is asynchronous.
    const artifact = new Uint8Array(frame.bytes(SectionTag.ARTIFACT) ?? [])
    setInterval(() => this.wire.send(FrameType.HEARTBEAT), Number(heartbeatMs)).unref()
    try {
      this.#model = await this.load(artifact, settings as LoadSettings)
      const { description, maxInFlight = 1 } = this.#model
      this.wire.send(FrameType.READY, { ...description, maxInFlight })
    } catch (error) {
      this.#fail(messageOf(error), (error as { code?: string }).code)
    }
  }

  #fail(message: string, code?: string): void {
    this.refused(message)
    this.wire.send(FrameType.ERROR, { code, message })
    this.wire.end()
  }

  #answer(frame: Frame, model: LoadedModel): void | Promise<void> {
    const { batchId, count, flags } = frame
    const inputs = frame.column(SectionTag.INPUTS)
    const { inputSize, inputType } = model.description
    const fits = inputs?.type === inputType && (inputSize === null ? inputs.offsets : inputs.elements.length === count * inputSize)
    if (!inputs || !fits) return this.#fail(`batch ${batchId} does not hold ${count} inputs of this model`)
    const kept = model.isSynchronous ? inputs : copyOf(inputs)
    const reply = evaluate(model, kept, count, (flags & 1) === 1)
    if (reply instanceof Promise) return reply.then((late) => this.#reply(batchId, count, late))
    return this.#reply(batchId, count, reply)
  }

  #reply(batchId: number, count: number, reply: BatchReply): void {
    const { outputs, statuses, errors } = fitting(reply, count)
    // The frontend has never more than `maxInFlight` batches without a reply that it has read, so the oldest writer is free again.
    const { maxInFlight = 1 } = this.#model!
    const writer = this.#writers.length >= maxInFlight ? this.#writers.shift()! : new FrameWriter()
    writer.begin(FrameType.REPLY, batchId, count)
    for (const [index, column] of outputs.entries()) writer.column(SectionTag.OUTPUTS, column, index)
    if (statuses) writer.bytes(SectionTag.STATUSES, statuses).json(errors ?? {})
    this.wire.write(writer.end())
    this.#writers.push(writer)
  }
}

/** A reply that is too large would end the container: its items fail instead. */
function fitting(reply: BatchReply, count: number): BatchReply {
  let bytes = 0
  for (const { elements } of reply.outputs) bytes += elements.byteLength
  if (bytes <= MOST_OUTPUT_BYTES) return reply
  const room = `a reply has room for ${MOST_OUTPUT_BYTES}`
  const told = `the outputs of a batch of ${count} are ${bytes} bytes; ${room}${count > 1 ? ': publish it with a smaller batching.maxBatch' : ''}`
  const outputs = reply.outputs.map((column) =>
    column.offsets === undefined ? column : { ...column, elements: column.elements.subarray(0, 0), offsets: new Uint32Array(count + 1) },
  )
  const errors = Object.fromEntries(Array.from({ length: count }, (_, item) => [item, told]))
  return { outputs, statuses: new Uint8Array(count).fill(ITEM_FAILED), errors }
}

const copyOf = ({ type, elements, offsets }: Column): Column => ({ type, elements: elements.slice(), offsets: offsets?.slice() })
