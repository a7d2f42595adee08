import { ServeError } from '../errors.js'
import type { BatchDone, BatchInputs, Container, ModelDescription } from './container.js'
import type { ContainerListener } from './listener.js'
import { ContainerProcess, type ProcessCommand } from './process.js'

/** The first restart is at once; each further one waits twice as long, until the container has lived for a while. */
const BACKOFF_MS = { first: 50, most: 5_000, forgottenAfter: 10_000 } as const

/** A container process that comes back when it dies: at most one life at a time, then a timer, then the next. */
export class SupervisedContainer implements Container {
  onReady: () => void = () => {}
  restarts = 0
  readonly #command: ProcessCommand
  readonly #listener: ContainerListener
  readonly #onDeath: (reason: string, restartInMs: number) => void
  /** The newest one: starting, ready or ended. */
  #life: ContainerProcess | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #readyAt = Number.POSITIVE_INFINITY
  #stopped = false

  /** `onDeath` is told why a life ended and when the next begins. */
  constructor(command: ProcessCommand, listener: ContainerListener, onDeath: (reason: string, restartInMs: number) => void) {
    this.#command = command
    this.#listener = listener
    this.#onDeath = onDeath
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
    const address = await this.#listener.address()
    return new Promise((resolve, reject) => this.#live(address, resolve, reject))
  }

  /** `firstReady` and `firstEnded` are told of the first life, which is not followed by another unless it was ready. */
  #live(address: string, firstReady?: (description: ModelDescription) => void, firstEnded?: (error: ServeError) => void): void {
    if (this.#stopped) {
      firstEnded?.(new ServeError('CONTAINER_FAILED', `the container of ${this.#command.model} was stopped`))
      return
    }
    let wasReady = false
    this.#life = new ContainerProcess(this.#command, this.#listener, address, {
      ready: (description) => {
        wasReady = true
        this.#readyAt = performance.now()
        firstReady?.(description)
        this.onReady()
      },
      ended: (error) => {
        if (wasReady || firstEnded === undefined) this.#liveAgain(address, error.message)
        else firstEnded(error)
      },
    })
  }

  #liveAgain(address: string, reason: string): void {
    if (this.#stopped) return
    if (performance.now() - this.#readyAt > BACKOFF_MS.forgottenAfter) this.#failures = 0
    this.#readyAt = Number.POSITIVE_INFINITY
    const delayMs = this.#failures === 0 ? 0 : Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** (this.#failures - 1))
    this.#failures++
    this.#onDeath(reason, delayMs)
    this.#timer = setTimeout(() => {
      this.restarts++
      this.#live(address)
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
