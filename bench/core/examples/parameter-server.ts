/**
 * A parameter server of several actors, each with a slice of the weights (Li et al., "Scaling Distributed Machine Learning with the
 * Parameter Server", OSDI 2014). Workers hold data of their own; each step they pull all slices, compute the gradient of their
 * minibatch, and push a slice of it to each server, without waiting for each other.
 *
 * The work is linear regression on data without noise, so the weights must arrive at the ones that made the data.
 */
import { type ActorHandle, actor, get, kill } from '../../../core/index.js'
import { random } from './random.js'
import { report } from './report.js'

const WEIGHTS = 256
const MINIBATCH = 64
const SERVERS = 4
const WORKERS = 2
/** Stable for features with unit variance: the largest eigenvalue of a minibatch's curvature is about (1 + √(WEIGHTS / MINIBATCH))² = 9. */
const LEARNING_RATE = 0.05

/** One slice of the weights. */
export class ParameterServer {
  private readonly weights: Float64Array
  private pushes = 0

  constructor(size: number) {
    this.weights = new Float64Array(size)
  }
  pull(): Float64Array {
    // A copy: the caller keeps it while this one changes.
    return this.weights.slice()
  }
  push(gradient: Float64Array): void {
    this.pushes++
    for (let i = 0; i < gradient.length; i++) this.weights[i] -= LEARNING_RATE * gradient[i]
  }
  pushed(): number {
    return this.pushes
  }
}

export class Worker {
  private readonly next: () => number

  constructor(
    private readonly servers: ActorHandle<ParameterServer>[],
    seed: number,
  ) {
    this.next = random(seed)
  }

  /** Returns the last minibatch's mean squared error. */
  async train(steps: number): Promise<number> {
    let error = 0
    for (let step = 0; step < steps; step++) {
      const weights = concatenated(await get(this.servers.map((server) => server.pull.remote())))
      const gradient = new Float64Array(WEIGHTS)
      error = this.addGradient(weights, gradient) / MINIBATCH
      const size = WEIGHTS / SERVERS
      // The next pull is behind this push: calls of one caller keep their order.
      for (const [i, server] of this.servers.entries()) server.push.remote(gradient.slice(i * size, (i + 1) * size))
    }
    return error
  }

  /** Adds the gradient of half the mean squared error of a fresh minibatch; returns the sum of squared errors. */
  private addGradient(weights: Float64Array, gradient: Float64Array): number {
    const x = new Float64Array(WEIGHTS)
    let squares = 0
    for (let sample = 0; sample < MINIBATCH; sample++) {
      let error = 0
      for (let i = 0; i < WEIGHTS; i++) {
        x[i] = (this.next() - 0.5) * Math.sqrt(12)
        error += x[i] * (weights[i] - trueWeight(i))
      }
      for (let i = 0; i < WEIGHTS; i++) gradient[i] += (error * x[i]) / MINIBATCH
      squares += error ** 2
    }
    return squares
  }
}

const trueWeight = (i: number) => Math.sin(i)

function concatenated(slices: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(WEIGHTS)
  for (const [i, slice] of slices.entries()) all.set(slice, (i * WEIGHTS) / SERVERS)
  return all
}

const module = import.meta.url
const Servers = actor(ParameterServer, { module })
const Workers = actor(Worker, { module })

/** @param size steps of each worker; about 400 are needed to pass the check */
export async function main(size = 5000): Promise<{ distance: number; updates: number }> {
  const start = performance.now()
  const servers = Array.from({ length: SERVERS }, () => Servers.remote(WEIGHTS / SERVERS))
  const workers = Array.from({ length: WORKERS }, (_, i) => Workers.remote(servers, i + 1))
  await get(workers.map((worker) => worker.train.remote(size)))
  report('parameter server', size * WORKERS, 'updates', start)
  const weights = concatenated(await get(servers.map((server) => server.pull.remote())))
  const pushes = await get(servers.map((server) => server.pushed.remote()))
  for (const one of [...workers, ...servers]) await kill(one)
  const distance = Math.sqrt(weights.reduce((sum, weight, i) => sum + (weight - trueWeight(i)) ** 2, 0) / WEIGHTS)
  if (pushes.some((count) => count !== size * WORKERS))
    throw new Error(`parameter server: pushes of ${size * WORKERS} came in as ${pushes}`)
  if (!(distance < 1e-3)) throw new Error(`parameter server: after ${size} steps the weights are ${distance} away from the true ones`)
  return { distance, updates: size * WORKERS }
}
