import { ServeError } from '../errors.js'
import type { BatchDone, BatchInputs, BatchReply, Container, ModelDescription } from './container.js'
import { type Elements, makeElements } from './element-types.js'
import { BATCH_LIMIT_MS, type ContainerModel } from './life.js'
import { loadModel } from './load.js'
import { evaluate, type LoadedModel, messageOf } from './model.js'

/** A model in the frontend's own thread: for tiny ones, where a hop to another process costs more than the model. */
export class InlineContainer implements Container {
  onReady: () => void = () => {}
  readonly ready = true
  readonly restarts = 0
  readonly pid = undefined
  readonly #of: ContainerModel
  #model: LoadedModel | undefined
  #inputs: Elements = new Float32Array(0)

  constructor(model: ContainerModel) {
    this.#of = model
  }

  get maxInFlight(): number {
    return this.#model?.maxInFlight ?? 1
  }

  async start(): Promise<ModelDescription> {
    const { artifact, settings, model } = this.#of
    try {
      this.#model = await loadModel(artifact, settings)
    } catch (cause) {
      throw new ServeError('MODEL_REFUSED', `${model}: ${messageOf(cause)}`, { cause })
    }
    return this.#model.description
  }

  comeBack(): void {
    void this.start().then(
      () => this.onReady(),
      // It would be refused again.
      () => {},
    )
  }

  evaluate(batch: BatchInputs, done: BatchDone): void {
    const model = this.#model
    if (!model) {
      done(null, 'is stopped')
      return
    }
    const { size, wantsExtras, length } = batch
    const { inputType: type } = model.description
    const elements = this.#room(model, length)
    batch.gather(elements)
    const reply = evaluate(model, { type, elements, offsets: batch.offsets() }, size, wantsExtras)
    if (reply instanceof Promise) this.#await(reply, done)
    else done(reply)
  }

  /** A model that never answers must not hold its replica for ever. */
  #await(reply: Promise<BatchReply>, done: BatchDone): void {
    const { batchMs = BATCH_LIMIT_MS } = this.#of.settings.limits
    let told = false
    const tell = (reply: BatchReply | null, reason?: string) => {
      if (told) return
      told = true
      clearTimeout(limit)
      if (this.#model === undefined) done(null, 'was stopped')
      else done(reply, reason)
    }
    const limit = setTimeout(tell, batchMs, null, `has not answered a batch for ${batchMs} ms`)
    limit.unref()
    reply.then(tell, (error: unknown) => tell(null, `failed: ${messageOf(error)}`))
  }

  /** Used again where the model is done with it when it returns. */
  #room(model: LoadedModel, length: number): Elements {
    const { inputType } = model.description
    if (!model.isSynchronous) return makeElements(inputType, length)
    if (this.#inputs.length < length) this.#inputs = makeElements(inputType, length * 2)
    return this.#inputs.subarray(0, length)
  }

  async stop(): Promise<void> {
    this.#model?.close?.()
    this.#model = undefined
  }
}
