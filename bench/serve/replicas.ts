/**
 * Replicas of a model (Clipper, figure 6): one that waits for a device, as a GPU or another machine would have it wait, and one that
 * computes. The machine's cores are shared with the server and the load generator: what computes can only gain what of them is idle.
 */
import { availableParallelism } from 'node:os'
import { lineChart } from '../chart.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import type { BenchModel } from './parts/models.js'
import { published, withServing } from './parts/serving.js'
import { good, shown } from './parts/tally.js'

const SECONDS = 2
const CONNECTIONS = 64
const REPLICAS = [1, 2, 3, 4]
/** A device that takes 10 ms for up to so many inputs. */
const DEVICE_BATCH = 8

const options = { inputSize: 4, outputs: [{ name: 'y', type: 'doubles', shape: [] }] } as const

const waiting: BenchModel = {
  name: 'waits 10 ms a batch',
  source: async (inputs: Float32Array[]) => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    return inputs.map(() => 0)
  },
  options: { ...options, batching: { policy: 'fixed', size: DEVICE_BATCH } },
}

const computing: BenchModel = {
  name: 'computes 0.5 ms an input',
  source: (inputs: Float32Array[]) =>
    inputs.map((input) => {
      const until = performance.now() + 0.5
      let sum = input[0]!
      while (performance.now() < until) sum = Math.sin(sum) + 1
      return sum
    }),
  options: { ...options, batching: { policy: 'fixed', size: DEVICE_BATCH } },
}

interface Row extends Measured {
  readonly model: string
  readonly replicas: number
}

export async function run(): Promise<Row[]> {
  const application = { defaultOutput: -1, sloMs: 500 }
  const body = (request: number) => `{"input":[0.1,0.2,0.3,${request / 1000}]}`
  const rows: Row[] = []
  for (const model of [waiting, computing]) {
    for (const replicas of REPLICAS) {
      const served = { models: [await published('model', model, { replicas })], application }
      const [measured] = await withServing(served, (port) =>
        closedLoop({ port, path: '/app/predict', body, connections: CONNECTIONS, seconds: SECONDS }),
      )
      rows.push({ model: model.name, replicas, ...measured })
      console.log(`${model.name}, ${replicas} replicas: ${shown(measured)}`)
    }
  }
  return rows
}

export function chart(rows: Row[]): string {
  const lines = [...new Set(rows.map(({ model }) => model))].map((label) => ({
    label,
    points: rows.filter(({ model }) => model === label).map((row) => [row.replicas, good(row)] as const),
  }))
  return lineChart({ title: `Replicas on ${availableParallelism()} cores, 64 connections`, x: 'replicas', y: 'answers a second', lines })
}

export function table(rows: Row[]): string {
  const first = (model: string) => good(rows.find((row) => row.model === model && row.replicas === 1)!)
  const cells = rows.map((row) => [
    row.model,
    row.replicas,
    Math.round(good(row)),
    `${(good(row) / first(row.model)).toFixed(2)}×`,
    row.p50Ms.toFixed(1),
    row.p99Ms.toFixed(1),
  ])
  return markdownTable(['model', 'replicas', 'answers/s', 'by one replica', 'p50 ms', 'p99 ms'], cells)
}
