/**
 * Feedback by label, with the prediction cache and without (Clipper, section 4.2): an ensemble of four models, whose predictions for the
 * input feedback is joined with. What was predicted before is in the cache; without one every label costs four evaluations more, of
 * policies that are nearly free, or of kernel machines that are not.
 */
import { groupedBars } from '../grouped-bars.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { kernelMachine, policyModel } from './parts/models.js'
import { published, withServing } from './parts/serving.js'
import { shown } from './parts/tally.js'

const MODELS = 4
const CONNECTIONS = 64
const SECONDS = 3
const CACHE_BYTES = 64 * 2 ** 20
/** As many inputs as the load generator tells apart: all of them were predicted before the first label comes. */
const PREDICT_SECONDS = 3

interface Row extends Measured {
  readonly model: string
  readonly cache: boolean
}

const input = (request: number) => `[0.1,0.2,0.3,${request / 1000}]`

export async function run(): Promise<Row[]> {
  const application = { defaultOutput: 0, sloMs: 500, selection: 'exp4' } as const
  const rows: Row[] = []
  for (const model of [await policyModel(), kernelMachine]) {
    const models = await Promise.all(Array.from({ length: MODELS }, (_, i) => published(`model-${i}`, model)))
    for (const cache of [false, true]) {
      const served = { models, application, server: { cacheBytes: cache ? CACHE_BYTES : 0 } }
      const [measured] = await withServing(served, async (port) => {
        const load = { port, connections: CONNECTIONS }
        await closedLoop({ ...load, path: '/app/predict', body: (request) => `{"input":${input(request)}}`, seconds: PREDICT_SECONDS })
        const body = (request: number) => `{"uid":0,"input":${input(request)},"label":${request % 2}}`
        return await closedLoop({ ...load, path: '/app/update', body, seconds: SECONDS })
      })
      rows.push({ model: model.name, cache, ...measured })
      console.log(`${model.name}: feedback, cache ${cache ? 'on' : 'off'}: ${shown(measured)}`)
    }
  }
  return rows
}

export function chart(rows: Row[]): string {
  const rate = (model: string, cache: boolean) => rows.find((row) => row.model === model && row.cache === cache)!.rate
  const groups = [...new Set(rows.map(({ model }) => model))].map((label) => ({ label, values: [rate(label, false), rate(label, true)] }))
  const series = ['cache off', 'cache on']
  return groupedBars({ title: `Labels for an ensemble of ${MODELS}, 64 connections`, unit: 'labels a second', series, groups })
}

export function table(rows: Row[]): string {
  return markdownTable(
    ['models', 'cache', 'labels/s', 'p50 ms', 'p99 ms'],
    rows.map(({ model, cache, rate, p50Ms, p99Ms }) => [model, cache ? 'on' : 'off', Math.round(rate), p50Ms.toFixed(2), p99Ms.toFixed(1)]),
  )
}
