import type { BatchDone, BatchInputs, Container, ModelDescription } from './container.js'
import type { ContainerListener } from './listener.js'
import { ContainerProcess, type ProcessCommand } from './process.js'

/** The first restart is at once; each further one waits twice as long, until the container has lived for a while. */
const BACKOFF_MS = { first: 50, most: 5_000, forgottenAfter: 10_000 } as const

/** A container process that comes back when it dies. */
export class SupervisedContainer implements Container {
  onReady: () => void = () => {}
  restarts = 0
  readonly #command: ProcessCommand
  readonly #listener: ContainerListener
  readonly #onDeath: (reason: string, restartInMs: number) => void
  #life: ContainerProcess | undefined
  #starting: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #bornAt = 0
  #stopped = false

  /** `onDeath` is told why a life ended and when the next begins. */
  constructor(command: ProcessCommand, listener: ContainerListener, onDeath: (reason: string, restartInMs: number) => void) {
    this.#command = command
    this.#listener = listener
    this.#onDeath = onDeath
  }

  get ready(): boolean {
    return this.#life !== undefined
  }

  get maxInFlight(): number {
    return this.#life?.maxInFlight ?? 0
  }

  get pid(): number | undefined {
    return this.#life?.pid
  }

  async start(): Promise<ModelDescription> {
    const life = await ContainerProcess.start(this.#command, this.#listener)
    this.#adopt(life)
    return life.description!
  }

  #adopt(life: ContainerProcess): void {
    this.#life = life
    this.#bornAt = performance.now()
    life.onExit = (reason) => {
      this.#life = undefined
      if (performance.now() - this.#bornAt > BACKOFF_MS.forgottenAfter) this.#failures = 0
      this.#restartLater(reason)
    }
  }

  #restartLater(reason: string): void {
    if (this.#stopped) return
    const delayMs = this.#failures === 0 ? 0 : Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** (this.#failures - 1))
    this.#failures++
    this.#onDeath(reason, delayMs)
    this.#timer = setTimeout(() => {
      this.#starting = this.#restart()
    }, delayMs)
  }

  async #restart(): Promise<void> {
    this.restarts++
    try {
      this.#adopt(await ContainerProcess.start(this.#command, this.#listener))
    } catch (error) {
      this.#restartLater((error as Error).message)
      return
    }
    if (!this.#stopped) this.onReady()
  }

  evaluate(batch: BatchInputs, done: BatchDone): void {
    if (this.#life) this.#life.evaluate(batch, done)
    else done(null, 'is being restarted')
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#starting
    await this.#life?.stop()
  }
}
