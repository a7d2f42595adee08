/**
 * A load generator of open loops: requests are due at a fixed rate, whatever the server does, and each is timed from when it was due, not
 * from when a connection was free for it (a slow answer must not slow down the questions: "coordinated omission").
 */
import { type Connection, openConnections } from './connection.js'
import { type Load, type Measured, requestsOf } from './load.js'
import { Tally } from './tally.js'

export interface OpenLoad extends Omit<Load, 'connections'> {
  /** Requests a second, evenly spaced. Timers are a millisecond coarse: what has become due meanwhile is sent together. */
  readonly rate: number
}

/** As many as may be in flight; what is due beyond waits here, and the wait counts. */
const CONNECTIONS = 256
const TICK_MS = 1
/** Requests that wait longer than this when the load is over, or whose answers do, are lost: no answer. */
const LAST_ANSWERS_MS = 1_000
/** This late, the rate is not held: there is no need to see the end of it. */
const HOPELESS_MS = 1_000

export async function openLoop(load: OpenLoad): Promise<Measured> {
  const loop = new OpenLoop(load, await openConnections(load.port, CONNECTIONS))
  return loop.run()
}

class OpenLoop {
  readonly #requests: readonly string[]
  readonly #free: Connection[]
  /** When those were due that found no free connection; the first `#taken` are under way. */
  readonly #waiting: number[] = []
  #taken = 0
  #sent = 0
  #open = 0
  readonly #tally = new Tally()
  readonly #from: number
  readonly #until: number

  constructor(
    private readonly load: OpenLoad,
    private readonly connections: readonly Connection[],
  ) {
    this.#requests = requestsOf(load)
    this.#free = [...connections]
    this.#from = performance.now() + 1000 * (load.warmSeconds ?? 0.5)
    this.#until = this.#from + 1000 * load.seconds
  }

  async run(): Promise<Measured> {
    const beganAt = performance.now()
    const intervalMs = 1000 / this.load.rate
    let due = beganAt
    for (let now = beganAt; now < this.#until && this.#oldestWait(now) < HOPELESS_MS; now = performance.now()) {
      for (; due <= now; due += intervalMs) this.#ask(due)
      await new Promise((resolve) => setTimeout(resolve, Math.max(TICK_MS, due - now)))
    }
    const endedAt = performance.now()
    while (this.#open + this.#waiting.length - this.#taken > 0 && performance.now() < endedAt + LAST_ANSWERS_MS) {
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
    const lost = this.#open + this.#waiting.length - this.#taken
    this.#tally.stop(this.#sent)
    for (let i = 0; i < lost; i++) this.#tally.count(LAST_ANSWERS_MS, '', '')
    for (const connection of this.connections) connection.close()
    return this.#tally.measured((Math.min(endedAt, this.#until) - this.#from) / 1000)
  }

  #oldestWait(now: number): number {
    return this.#taken < this.#waiting.length ? now - this.#waiting[this.#taken]! : 0
  }

  #ask(due: number): void {
    const connection = this.#free.pop()
    if (connection === undefined) this.#waiting.push(due)
    else this.#send(connection, due)
  }

  #send(connection: Connection, due: number): void {
    this.#open++
    connection.onAnswer = (status, body) => {
      this.#open--
      if (due >= this.#from) this.#tally.count(performance.now() - due, status, body)
      if (this.#taken < this.#waiting.length) this.#send(connection, this.#waiting[this.#taken++]!)
      else this.#free.push(connection)
    }
    connection.send(this.#requests[this.#sent++ % this.#requests.length]!)
  }
}

/** What counts as held: 99 of 100 within 20 ms of when they were due, and less than one of 100 a default or an error. */
export const GOAL = { p99Ms: 20, wrong: 0.01 }

export function holds({ p99Ms, defaults, refused }: Measured): boolean {
  return p99Ms <= GOAL.p99Ms && defaults + refused < GOAL.wrong
}

export interface Trial extends Measured {
  /** Requests that were due a second. */
  readonly due: number
  readonly held: boolean
}

export interface HighestRate {
  /** The highest that was held of those tried; 0 where none was. */
  readonly rate: number
  readonly trials: readonly Trial[]
}

const HALVINGS = 5
/** Where all rates up to `most` were held. */
const BEYOND = 1.15
const STEPS_BEYOND = 6

/**
 * The highest rate that is held, by halving between 0 and `most`: five steps, so within a thirtieth of `most`; beyond it where all were
 * held. What is not held is tried a second time: one hiccup of the machine must not halve the result.
 *
 * @param settle after a rate that was not held: resolves when the server answers again
 */
export async function highestRate(load: Omit<OpenLoad, 'rate'>, most: number, settle: () => Promise<void>): Promise<HighestRate> {
  const trials: Trial[] = []
  const once = async (due: number): Promise<boolean> => {
    const measured = await openLoop({ ...load, rate: due })
    const held = holds(measured)
    trials.push({ ...measured, due, held })
    if (!held) await settle()
    return held
  }
  const holdsRate = async (due: number) => (await once(due)) || (await once(due))
  let [low, high] = [0, most]
  for (let step = 0; step < HALVINGS; step++) {
    const middle = (low + high) / 2
    if (await holdsRate(middle)) low = middle
    else high = middle
  }
  for (let step = 0; step < STEPS_BEYOND && high === most && (await holdsRate(low * BEYOND)); step++) low *= BEYOND
  return { rate: low, trials }
}
