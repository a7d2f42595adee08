/**
 * Feedback by label, with the prediction cache and without (Clipper, section 4.2): an ensemble of four models, whose predictions for the
 * input feedback is joined with. What was predicted before is in the cache; without one every label costs four evaluations more.
 */
import { groupedBars } from '../grouped-bars.js'
import { closedLoop, type Measured } from './parts/load.js'
import { markdownTable } from './parts/markdown.js'
import { policyModel } from './parts/models.js'
import { published, withServing } from './parts/serving.js'
import { shown } from './parts/tally.js'

const MODELS = 4
const CONNECTIONS = 64
const SECONDS = 3
const CACHE_BYTES = 64 * 2 ** 20
/** As many inputs as the load generator tells apart: all of them were predicted before the first label comes. */
const PREDICT_SECONDS = 2

interface Row extends Measured {
  readonly cache: boolean
}

const input = (request: number) => `[0.1,0.2,0.3,${request / 1000}]`

export async function run(): Promise<Row[]> {
  const policy = await policyModel()
  const models = await Promise.all(Array.from({ length: MODELS }, (_, i) => published(`model-${i}`, policy)))
  const application = { defaultOutput: 0, sloMs: 100, selection: 'exp4' } as const
  const rows: Row[] = []
  for (const cache of [false, true]) {
    const served = { models, application, server: { cacheBytes: cache ? CACHE_BYTES : 0 } }
    const [measured] = await withServing(served, async (port) => {
      const load = { port, connections: CONNECTIONS }
      await closedLoop({ ...load, path: '/app/predict', body: (request) => `{"input":${input(request)}}`, seconds: PREDICT_SECONDS })
      const body = (request: number) => `{"uid":0,"input":${input(request)},"label":${request % 2}}`
      return await closedLoop({ ...load, path: '/app/update', body, seconds: SECONDS })
    })
    rows.push({ cache, ...measured })
    console.log(`feedback, cache ${cache ? 'on' : 'off'}: ${shown(measured)}`)
  }
  return rows
}

export function chart(rows: Row[]): string {
  const groups = rows.map(({ cache, rate }) => ({ label: cache ? 'cache on' : 'cache off', values: [rate] }))
  return groupedBars({
    title: `Labels for an ensemble of ${MODELS}, 64 connections`,
    unit: 'labels a second',
    series: ['feedback'],
    groups,
  })
}

export function table(rows: Row[]): string {
  return markdownTable(
    ['cache', 'labels/s', 'p50 ms', 'p99 ms'],
    rows.map(({ cache, rate, p50Ms, p99Ms }) => [cache ? 'on' : 'off', Math.round(rate), p50Ms.toFixed(2), p99Ms.toFixed(1)]),
  )
}
