import type { ServeMetrics } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { draw } from '../../bin/top/draw.js'
import { bar, bytes, duration, sparkline } from '../../bin/top/numbers.js'
import { viewOf } from '../../bin/top/reading.js'

const BUCKETS = 89
const counts = (...at: [bucket: number, count: number][]) => {
  const all = new Array<number>(BUCKETS).fill(0)
  for (const [bucket, count] of at) all[bucket] = count
  return all
}

const NO_DEFAULTS = { noModels: 0, late: 0, failed: 0, unsure: 0 }
const controller = { policy: 'aimd', maxBatch: 8, objectiveMs: 50, usualMs: 1, grown: 0, cut: 0, peak: null, trough: null }

function metrics(
  queries: number,
  late: number,
  asked: [number, number],
  batches: Record<number, number>,
  latencies: number[],
): ServeMetrics {
  const arm = (name: string, queries: number, weight: number) => ({
    name,
    model: name,
    queries,
    feedback: queries,
    meanReward: 0.5,
    weight,
  })
  return {
    uptimeS: 61,
    applications: {
      choice: {
        queries,
        defaults: { ...NO_DEFAULTS, late },
        p50Ms: 1,
        p99Ms: 1,
        latencyCounts: latencies,
        shed: 0,
        sloMs: 100,
        selection: 'exp3',
        arms: [arm('m:1', asked[0], 0.25), arm('m:2', asked[1], 0.75)],
      },
    },
    models: [
      {
        name: 'm',
        version: '1',
        current: true,
        queued: 3,
        retried: 0,
        refused: 0,
        batchSizes: batches,
        replicas: [
          { ready: true, pid: 4711, restarts: 2, maxBatch: 8, objectiveMs: 50, controller },
          { ready: false, pid: undefined, restarts: 0, maxBatch: 4, objectiveMs: 50, controller },
        ],
      },
    ],
    cache: { hits: queries / 2, misses: queries / 2, joins: 0, hitRatio: 0.5, entries: 10, bytes: 2048 },
  }
}

const before = { at: 1_000, metrics: metrics(1_000, 0, [900, 100], { 1: 100 }, counts([0, 1_000])) }
const now = { at: 3_000, metrics: metrics(1_400, 40, [1_000, 400], { 1: 150, 4: 50 }, counts([0, 1_000], [16, 398], [40, 2])) }

test('a view has what happened between two readings, by the second, and not what was before', () => {
  const { applications, models, cache } = viewOf(before, now)
  const [choice] = applications
  assert.equal([choice!.queriesPerS, choice!.defaultShare, choice!.p50Ms, choice!.p99Ms], [200, 0.1, 1, 1])
  assert.equal(
    choice!.arms.map(({ share, feedbackPerS }) => [share, feedbackPerS]),
    [
      [0.25, 50],
      [0.75, 150],
    ],
  )
  assert.equal([models[0]!.inputsPerS, models[0]!.meanBatch, models[0]!.batchLimit], [125, 2.5, 12])
  assert.equal([cache.hitShare, cache.lookupsPerS], [0.5, 200])
})

test('a server that was started again in between counts from nothing, and nothing is negative', () => {
  const { applications, cache } = viewOf(now, { at: 4_000, metrics: before.metrics })
  assert.equal([applications[0]!.queriesPerS, applications[0]!.p50Ms, cache.lookupsPerS], [1_000, 0.0625, 1_000])
})

test('the picture fits the terminal, whatever its width, and shows arms, containers and restarts', () => {
  const frame = {
    url: 'http://127.0.0.1:8080',
    view: viewOf(before, now),
    history: new Map([['choice', [1, 2, 3]]]),
    intervalS: 1,
    trouble: undefined,
  }
  for (const width of [20, 80, 100, 200]) for (const line of draw(frame, width)) assert.ok(line.length <= width, `${width}: ${line}`)
  const text = draw(frame, 120).join('\n')
  assert.match(text, /choice +200 +1\.0 ms +1\.0 ms +100 ms +10 % +0 +▃▆█/)
  assert.match(text, /├ m:1 +25 % +██▌ +0\.25 +0\.50 +50/)
  assert.match(text, /└ m:2 +75 % +███████▌ +0\.75/)
  assert.match(text, /m:1 \* +125 +2\.5 +12 +3 +● 4711 ↻2 +○ starting/)
  assert.match(text, /CACHE +50 % hits █████░░░░░/)
  assert.match(draw({ ...frame, trouble: 'no answer' }, 120)[0]!, 'no answer')
})

test('numbers are as a glance wants them', () => {
  assert.equal(
    [0, 0.5, 1, 2].map((share) => bar(share, 4)),
    ['', '██', '████', '████'],
  )
  assert.is(sparkline([0, 5, 10], 2), '▅█')
  assert.is(sparkline([0, 0], 5), '▁▁')
  assert.equal([500, 2048, 3 * 1024 ** 3].map(bytes), ['500 B', '2.0 KiB', '3.0 GiB'])
  assert.equal([59, 61, 3_700, 90_000].map(duration), ['59 s', '1 min 1 s', '1 h 1 min', '1 d 1 h'])
})

test.run()
