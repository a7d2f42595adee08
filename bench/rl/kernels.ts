/**
 * `rl/nn`'s kernels beside TensorFlow.js' WASM backend, one thread each, in turns: samples a second of a whole PPO update (forward, loss,
 * backward, clipping, Adam) of an actor 4-64-64-2 with a separate critic, and the time of the actor's forward.
 */
import { Heap } from '../../rl/nn/heap.js'
import { ppoCategorical, valueLoss } from '../../rl/nn/losses.js'
import { Mlp } from '../../rl/nn/mlp.js'
import { Adam } from '../../rl/nn/optimizers.js'
import { tfjsWasm, type Work } from './peers/tfjs-wasm.js'

const BATCHES = [1, 64, 256, 1024, 4096]
const ROUNDS = 7
const WINDOW_MS = 60

interface Measured {
  median: number
  low: number
  high: number
}

export interface KernelRow {
  work: keyof Work
  batch: number
  unit: 'samples/s' | 'µs'
  gymnura: Measured
  tfjsWasm: Measured
  /** How many times as fast, by the medians. */
  ratio: number
}

function gymnura(rows: number): Work {
  const heap = Heap.create()
  const actor = new Mlp(heap, { sizes: [4, 64, 64, 2], activation: 'tanh' }, { maxBatch: rows })
  const critic = new Mlp(heap, { sizes: [4, 64, 64, 1], activation: 'tanh' }, { maxBatch: rows })
  const params = heap.float32(actor.parameterCount + critic.parameterCount)
  const gradients = heap.float32(params.length)
  const [ofActor, ofCritic] = [params.subarray(0, actor.parameterCount), params.subarray(actor.parameterCount)]
  const [toActor, toCritic] = [gradients.subarray(0, actor.parameterCount), gradients.subarray(actor.parameterCount)]
  const random = { standardNormal: () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()) }
  actor.initialize(ofActor, random, [Math.SQRT2, Math.SQRT2, 0.01])
  critic.initialize(ofCritic, random, [Math.SQRT2, Math.SQRT2, 1])
  const adam = new Adam(heap, params.length)
  const x = heap.float32(rows * 4)
  const actions = heap.int32(rows)
  const oldLogProbs = heap.float32(rows).fill(Math.log(0.5))
  const advantages = heap.float32(rows)
  const returns = heap.float32(rows)
  for (let i = 0; i < x.length; i++) x[i] = random.standardNormal()
  for (let i = 0; i < rows; i++) {
    actions[i] = i & 1
    advantages[i] = random.standardNormal()
    returns[i] = random.standardNormal()
  }
  const dLogits = heap.float32(rows * 2)
  const dValues = heap.float32(rows)
  const stats = heap.float64(4)
  return {
    forward(n) {
      actor.forward(ofActor, x, n)
    },
    update(n) {
      const logits = actor.forward(ofActor, x, n)
      const values = critic.forward(ofCritic, x, n)
      ppoCategorical({ logits, actions, oldLogProbs, advantages, n, k: 2, clipRange: 0.2, entropyCoef: 0.01, total: n }, dLogits, stats)
      valueLoss({ values, returns, n, coef: 0.5, total: n }, dValues)
      actor.backward(ofActor, toActor, x, dLogits, n)
      critic.backward(ofCritic, toCritic, x, dValues, n)
      adam.step(params, gradients, { learningRate: 3e-4, maxGradNorm: 0.5 })
    },
  }
}

/** Microseconds a call, over about WINDOW_MS. */
function window(call: () => void): number {
  const started = performance.now()
  let calls = 0
  let elapsed = 0
  for (let burst = 1; elapsed < WINDOW_MS; burst = Math.min(burst * 2, 256)) {
    for (let i = 0; i < burst; i++) call()
    calls += burst
    elapsed = performance.now() - started
  }
  return (elapsed * 1000) / calls
}

function summary(values: number[]): Measured {
  const sorted = values.toSorted((a, b) => a - b)
  return { median: sorted[sorted.length >> 1]!, low: sorted[0]!, high: sorted.at(-1)! }
}

function compare(work: keyof Work, batch: number, ours: Work, theirs: Work): KernelRow {
  const times = [ours, theirs].map((system) => ({ call: () => system[work](batch), micros: [] as number[] }))
  for (const { call } of times) window(call)
  for (let round = 0; round < ROUNDS; round++) for (const { call, micros } of times) micros.push(window(call))
  const [mine, other] = times.map(({ micros }) => summary(work === 'forward' ? micros : micros.map((time) => (batch * 1e6) / time))) as [
    Measured,
    Measured,
  ]
  const ratio = work === 'forward' ? other.median / mine.median : mine.median / other.median
  return { work, batch, unit: work === 'forward' ? 'µs' : 'samples/s', gymnura: mine, tfjsWasm: other, ratio }
}

const shown = ({ median, low, high }: Measured) => {
  const digits = median < 100 ? 2 : 0
  const text = (value: number) => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return `${text(median)} (${text(low)} … ${text(high)})`
}

export async function run(): Promise<object> {
  const ours = gymnura(Math.max(...BATCHES))
  const theirs = await tfjsWasm()
  const rows: KernelRow[] = []
  for (const work of ['update', 'forward'] as const) {
    const title = work === 'update' ? 'PPO update, samples/s' : "actor's forward, µs"
    console.log(`\n${title.padEnd(24)}${'gymnura'.padEnd(36)}${'tfjs-wasm, 1 thread'.padEnd(36)}ratio`)
    for (const batch of BATCHES) {
      const row = compare(work, batch, ours, theirs)
      rows.push(row)
      console.log(`${`batch ${batch}`.padEnd(24)}${shown(row.gymnura).padEnd(36)}${shown(row.tfjsWasm).padEnd(36)}${row.ratio.toFixed(1)}`)
    }
  }
  return { rows, rounds: ROUNDS, windowMs: WINDOW_MS, node: process.version }
}
