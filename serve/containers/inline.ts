import { ServeError } from '../errors.js'
import type { BatchDone, BatchInputs, Container, ModelDescription } from './container.js'
import { PolicyModel } from './policy-model.js'

/** A policy in the frontend's own thread: for tiny policies, where a hop to another process costs more than the model. */
export class InlineContainer implements Container {
  onReady: () => void = () => {}
  readonly ready = true
  readonly maxInFlight = 1
  readonly restarts = 0
  readonly pid = undefined
  readonly #name: string
  readonly #artifact: Uint8Array
  #model: PolicyModel | undefined
  #inputs = new Float32Array(0)

  constructor(name: string, artifact: Uint8Array) {
    this.#name = name
    this.#artifact = artifact
  }

  async start(): Promise<ModelDescription> {
    try {
      this.#model = await PolicyModel.load(this.#artifact)
    } catch (cause) {
      throw new ServeError('MODEL_REFUSED', `${this.#name}: ${(cause as Error).message}`, { cause })
    }
    return this.#model.description
  }

  evaluate(batch: BatchInputs, done: BatchDone): void {
    const model = this.#model
    if (!model) {
      done(null, 'is stopped')
      return
    }
    const needed = batch.size * model.description.inputSize
    if (this.#inputs.length < needed) this.#inputs = new Float32Array(needed * 2)
    batch.gather(this.#inputs)
    done(model.evaluate(this.#inputs.subarray(0, needed), batch.size, batch.wantsExtras))
  }

  async stop(): Promise<void> {
    this.#model = undefined
  }
}
