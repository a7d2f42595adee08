/**
 * The pattern that Ray was made for (Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", OSDI 2018, section 2):
 * serving, simulation and training as one program with deadlines.
 *
 *     sensors (actors, each at its own pace) → state estimate → action, every 10 ms
 *                                                   ↓
 *                              simulations of the policy from there (tasks) → gradients → SGD → the next policy
 *
 * A sensor that is late is left out of its tick (`wait` with a timeout), and simulations of any age improve the policy when they are
 * ready: nothing waits for the slowest. The plant is a cart on a rail that is kicked now and then; the policy is a linear feedback
 * whose two gains are learnt by evolution strategies from nothing, with antithetic noise (Salimans et al. 2017, arXiv:1703.03864).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { actor, get, kill, type ObjectRef, put, remote, wait } from '../../../core/index.js'
import { random } from './random.js'
import { report } from './report.js'

const TICK_MS = 10
/** Of the tick's time, what the sensors are given. */
const SENSOR_DEADLINE_MS = 5
/** How long each sensor takes: the last one is always late. */
const SENSOR_MS = [0, 1, 2, 50]
const SIMULATIONS_A_TICK = 4
const KICK_EVERY_TICKS = 100

/** Of the simulated and the real cart: seconds a step, steps of one simulation, the price of force. */
const STEP_S = 0.05
const HORIZON = 100
const FORCE_COST = 0.1
/** Of the search: how far gains are moved to see what happens, and how far a gradient moves them; gradients are cut to norm 1. */
const NOISE = 0.2
const LEARNING_RATE = 0.05

type State = readonly [position: number, velocity: number]
type Gains = readonly [number, number]

const forceOf = ([k, l]: Gains, [x, v]: State): number => Math.max(-10, Math.min(10, -k * x - l * v))
const step = ([x, v]: State, force: number): State => [x + STEP_S * v, v + STEP_S * force]

/** Mean cost a step, x² + 0.1 force², of one simulation. */
function costOf(gains: Gains, start: State): number {
  let [state, cost] = [start, 0]
  for (let i = 0; i < HORIZON; i++) {
    const force = forceOf(gains, state)
    cost += state[0] ** 2 + FORCE_COST * force ** 2
    state = step(state, force)
  }
  return cost / HORIZON
}

/** A gradient of the cost by the gains: from two simulations with opposite noise, started near the state that the sensors saw. */
export function simulate(gains: Gains, seen: State, seed: number): Gains {
  const draw = random(seed)
  const start: State = [seen[0] + 2 * draw() - 1, seen[1] + 2 * draw() - 1]
  const noise: Gains = [draw() < 0.5 ? -NOISE : NOISE, draw() < 0.5 ? -NOISE : NOISE]
  const slope = costOf([gains[0] + noise[0], gains[1] + noise[1]], start) - costOf([gains[0] - noise[0], gains[1] - noise[1]], start)
  return [slope / (2 * noise[0]), slope / (2 * noise[1])]
}

/** Reads the cart from shared memory, with noise, after its own time. */
export class Sensor {
  private readonly draw: () => number

  constructor(
    private readonly cart: SharedArrayBuffer,
    private readonly takesMs: number,
    seed: number,
  ) {
    this.draw = random(seed)
  }

  async read(): Promise<State> {
    const [x, v] = new Float64Array(this.cart)
    await sleep(this.takesMs)
    return [x + 0.02 * (this.draw() - 0.5), v + 0.02 * (this.draw() - 0.5)]
  }
}

const module = import.meta.url
const Sensors = actor(Sensor, { module, numCpus: 0 })
const simulateRemote = remote(simulate, { module })

function learn(gains: Gains, [g, h]: Gains): Gains {
  const scale = LEARNING_RATE / Math.max(1, Math.hypot(g, h))
  return [gains[0] - scale * g, gains[1] - scale * h]
}

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length
const CHECKED_STARTS: readonly State[] = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [1, 1],
  [-1, 1],
]
const scoreOf = (gains: Gains) => mean(CHECKED_STARTS.map((start) => costOf(gains, start)))

export interface Outcome {
  readonly ticks: number
  readonly simulations: number
  /** Readings that missed their tick. */
  readonly late: number
  /** Mean cost a step of the first and of the last policy, from the same states. */
  readonly before: number
  readonly after: number
}

/** @param size ticks of 10 ms */
export async function main(size = 1000): Promise<Outcome> {
  const memory = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)
  const cart = new Float64Array(memory)
  const sensors = SENSOR_MS.map((takesMs, i) => Sensors.remote(memory, takesMs, i))
  await get(sensors.map((sensor) => sensor.read.remote()))
  let gains: Gains = [0, 0]
  let estimate: State = [0, 0]
  let simulations: ObjectRef<Gains>[] = []
  let [learnt, late] = [0, 0]
  const start = performance.now()
  const before = scoreOf(gains)
  for (let tick = 0; tick < size; tick++) {
    if (tick % KICK_EVERY_TICKS === 0) cart[1] += 1
    const [readings, missing] = await wait(
      sensors.map((sensor) => sensor.read.remote()),
      { numReturns: sensors.length, timeoutMs: SENSOR_DEADLINE_MS },
    )
    late += missing.length
    const seen = await get(readings)
    // Where no sensor was in time, what the model says of the last estimate.
    estimate = seen.length > 0 ? [mean(seen.map(([x]) => x)), mean(seen.map(([, v]) => v))] : step(estimate, forceOf(gains, estimate))
    cart.set(step([cart[0], cart[1]], forceOf(gains, estimate)))

    const [policy, from] = [put(gains), estimate]
    for (let i = 0; i < SIMULATIONS_A_TICK; i++) simulations.push(simulateRemote.remote(policy, from, tick * SIMULATIONS_A_TICK + i))
    const [ready, pending] = await wait(simulations, { numReturns: simulations.length, timeoutMs: 0 })
    simulations = pending
    for (const gradient of await get(ready)) gains = learn(gains, gradient)
    learnt += ready.length
    const nextTick = start + (tick + 1) * TICK_MS
    await sleep(Math.max(0, nextTick - performance.now()))
  }
  for (const gradient of await get(simulations)) gains = learn(gains, gradient)
  learnt += simulations.length
  report('sense, simulate, learn', learnt, 'simulations', start)
  for (const sensor of sensors) await kill(sensor)
  const after = scoreOf(gains)
  console.log(`sense, simulate, learn: ${size} ticks, ${late} readings left out, cost ${before.toFixed(3)} → ${after.toFixed(3)}`)
  if (learnt !== size * SIMULATIONS_A_TICK) throw new Error(`sense, simulate, learn: ${learnt} gradients of ${size * SIMULATIONS_A_TICK}`)
  if (!(after < before / 2)) throw new Error(`sense, simulate, learn: the cost went from ${before} to ${after} in ${size} ticks`)
  return { ticks: size, simulations: learnt, late, before, after }
}
