import { ServeError } from '../errors.js'
import type { BatchDone, BatchInputs, Container, ContainerEvents, ModelDescription } from './container.js'
import type { StartHost } from './host.js'
import { ContainerLife, type ContainerModel } from './life.js'

/** The first restart is at once; each further one waits twice as long, until the container has lived for a while. */
const BACKOFF_MS = { first: 50, most: 5_000, forgottenAfter: 10_000 } as const

/** A container that comes back when it dies: at most one life at a time, then a timer, then the next. */
export class SupervisedContainer implements Container {
  onReady: () => void = () => {}
  restarts = 0
  readonly #model: ContainerModel
  readonly #host: () => Promise<StartHost>
  readonly #events: Pick<ContainerEvents, 'ready' | 'died'>
  /** The newest one: starting, ready or ended. */
  #life: ContainerLife | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #readyAt = Number.POSITIVE_INFINITY
  #stopped = false

  /** `host` is where its lives run. */
  constructor(model: ContainerModel, host: () => Promise<StartHost>, events: Pick<ContainerEvents, 'ready' | 'died'>) {
    this.#model = model
    this.#host = host
    this.#events = events
  }

  get ready(): boolean {
    return this.#life?.ready === true
  }

  get maxInFlight(): number {
    return this.#life?.maxInFlight ?? 0
  }

  get pid(): number | undefined {
    return this.ready ? this.#life?.pid : undefined
  }

  async start(): Promise<ModelDescription> {
    const startHost = await this.#host()
    return new Promise((resolve, reject) => this.#live(startHost, resolve, reject))
  }

  comeBack(): void {
    this.#host().then(
      (startHost) => this.#live(startHost),
      (error: Error) => this.#later(error.message, () => this.comeBack()),
    )
  }

  /** `firstReady` and `firstEnded` are told of the first life, which is not followed by another unless it was ready. */
  #live(startHost: StartHost, firstReady?: (description: ModelDescription) => void, firstEnded?: (error: ServeError) => void): void {
    if (this.#stopped) {
      firstEnded?.(new ServeError('CONTAINER_FAILED', `the container of ${this.#model.model} was stopped`))
      return
    }
    let wasReady = false
    this.#life = new ContainerLife(this.#model, startHost, {
      ready: (description) => {
        wasReady = true
        this.#readyAt = performance.now()
        this.#events.ready(this.pid, this.restarts)
        firstReady?.(description)
        this.onReady()
      },
      ended: (error) => {
        if (wasReady || firstEnded === undefined) this.#later(error.message, () => this.#live(startHost))
        else firstEnded(error)
      },
    })
  }

  #later(reason: string, begin: () => void): void {
    if (this.#stopped) return
    if (performance.now() - this.#readyAt > BACKOFF_MS.forgottenAfter) this.#failures = 0
    this.#readyAt = Number.POSITIVE_INFINITY
    const delayMs = this.#failures === 0 ? 0 : Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** (this.#failures - 1))
    this.#failures++
    this.#events.died(reason, delayMs, this.#life?.pid)
    this.#timer = setTimeout(() => {
      this.restarts++
      begin()
    }, delayMs)
  }

  evaluate(batch: BatchInputs, done: BatchDone): void {
    if (this.#life?.ready) this.#life.evaluate(batch, done)
    else done(null, 'is being restarted')
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#life?.stop()
  }
}
