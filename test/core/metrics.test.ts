import fc from 'fast-check'
import { type ActorHandle, actor, get, init, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { metrics } from '../../core/api/metrics.js'
import { absorb, forgetWorker } from '../../core/control/metrics.js'
import { rejection } from './expect.js'
import { Tally } from './exported.js'

const Tallies = actor(Tally, { module: new URL('./exported.js', import.meta.url).href })

/** The lines of one metric. */
async function linesOf(name: string): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.includes(name))
}

/** The samples of one metric, by what stands before the value. */
async function samplesOf(name: string): Promise<Record<string, number>> {
  const samples = (await linesOf(name)).filter((line) => !line.startsWith('#'))
  return Object.fromEntries(samples.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]))
}

async function flushInto(tally: ActorHandle<Tally>, workerId: string): Promise<void> {
  await get(tally.flush.remote())
  for (const batch of await get(tally.batches.remote())) absorb(batch, workerId)
}

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

test('a counter is shown with its description, from 0 on', async () => {
  const counter = metrics.counter('games_total', { description: 'Games played' })
  assert.equal(await linesOf('games_total'), ['# HELP games_total Games played', '# TYPE games_total counter', 'games_total 0'])
  counter.inc()
  counter.inc(2.5)
  assert.equal(await samplesOf('games_total'), { games_total: 3.5 })
})

test('a gauge goes up and down, and is not shown before it was set', async () => {
  const gauge = metrics.gauge('temperature')
  assert.equal(await samplesOf('temperature'), {})
  gauge.set(20)
  gauge.inc()
  gauge.dec(5)
  assert.equal(await samplesOf('temperature'), { temperature: 16 })
  gauge.set(Number.NaN)
  assert.match((await linesOf('temperature')).at(-1)!, /^temperature nan$/i)
})

test('a histogram counts what is at most each bound', async () => {
  const histogram = metrics.histogram('reward', { buckets: [-1, 0, 10] })
  for (const value of [-5, -1, 0, 0.5, 10, 11]) histogram.observe(value)
  assert.equal(await linesOf('reward'), [
    '# HELP reward reward',
    '# TYPE reward histogram',
    'reward_bucket{le="-1"} 2',
    'reward_bucket{le="0"} 3',
    'reward_bucket{le="10"} 5',
    'reward_bucket{le="+Inf"} 6',
    'reward_sum 15.5',
    'reward_count 6',
  ])
})

test('each combination of label values is a series of its own', async () => {
  const counter = metrics.counter('requests_total', { labels: ['route', 'code'] })
  counter.inc(1, { route: '/a', code: '200' })
  counter.inc(2, { code: '200', route: '/a' })
  counter.inc(4, { route: '/a', code: '500' })
  counter.inc(8, { route: 'say "hi"\n\\', code: '' })
  // Values that look alike when they are joined.
  counter.inc(16, { route: 'x,code:1', code: '' })
  counter.inc(32, { route: 'x', code: '1' })
  assert.equal(await samplesOf('requests_total'), {
    'requests_total{code="200",route="/a"}': 3,
    'requests_total{code="500",route="/a"}': 4,
    'requests_total{code="",route="say \\"hi\\"\\n\\\\"}': 8,
    'requests_total{code="",route="x,code:1"}': 16,
    'requests_total{code="1",route="x"}': 32,
  })
  const histogram = metrics.histogram('latency', { buckets: [1], labels: ['route'] })
  histogram.observe(0.5, { route: '/a' })
  assert.equal(await samplesOf('latency'), {
    'latency_bucket{route="/a",le="1"}': 1,
    'latency_bucket{route="/a",le="+Inf"}': 1,
    'latency_sum{route="/a"}': 0.5,
    'latency_count{route="/a"}': 1,
  })
})

test('labels that are missing, strange or no strings are refused by name', () => {
  const counter = metrics.counter('checked_total', { labels: ['env'] })
  const inc = counter.inc.bind(counter) as (value?: number, labels?: object) => void
  assert.throws(() => inc(), /counter 'checked_total' with labels env: 'env' is missing/)
  assert.throws(() => inc(1, { enw: 'x' }), /'env' is missing, 'enw' is not one of its labels/)
  inc(1, { env: 'x' })
  assert.throws(() => inc(1, { env: 'x', extra: 'y' }), /'extra' is not one of its labels/)
  assert.throws(() => inc(1, { env: 3 }), /label 'env' must be a string, not 3/)
  const plain = metrics.counter('plain_total')
  assert.throws(() => plain.inc(1, { env: 'x' } as never), /counter 'plain_total' without labels: 'env' is not one of its labels/)
})

test('values that make no sense are refused', async () => {
  const counter = metrics.counter('grows_total')
  for (const bad of [-1, Number.NaN, Infinity, '3' as never])
    assert.throws(() => counter.inc(bad), /counter 'grows_total' .* expected an increase, a number of at least 0/)
  assert.throws(() => metrics.gauge('any').set('3' as never), /gauge 'any' without labels was given '3'; expected a number/)
  assert.throws(() => metrics.histogram('some', { buckets: [1] }).observe(Number.NaN), /histogram 'some' .* was given NaN/)
  assert.equal(await samplesOf('grows_total'), { grows_total: 0 })
})

test('the same name and shape is the same metric, another shape is an error that says both', async () => {
  const first = metrics.counter('shared_total', { labels: ['a', 'b'], description: 'First' })
  const second = metrics.counter('shared_total', { labels: ['b', 'a'] })
  first.inc(1, { a: '1', b: '2' })
  second.inc(1, { a: '1', b: '2' })
  assert.equal(await samplesOf('shared_total'), { 'shared_total{a="1",b="2"}': 2 })
  assert.throws(
    () => metrics.gauge('shared_total', { labels: ['a'] }),
    /counter 'shared_total' with labels a, b was declared again as gauge 'shared_total' with labels a; give one of them another name/,
  )
  metrics.histogram('spread', { buckets: [1, 2] })
  assert.throws(() => metrics.histogram('spread', { buckets: [1, 3] }), /with buckets 1, 2 was declared again as .* with buckets 1, 3/)
})

test('bad declarations are refused by name', () => {
  assert.throws(() => metrics.counter('no-dash'), /metrics\.counter: a name has letters.*not 'no-dash'/)
  assert.throws(() => metrics.counter('c', { labels: ['2x'] }), /a label has letters.*not '2x'/)
  assert.throws(() => metrics.counter('c', { labels: ['a', 'a'] }), /'c' has the label 'a' twice/)
  assert.throws(() => metrics.gauge('c', { labels: ['workerId'] }), /the label 'workerId' is set by the runtime/)
  assert.throws(() => metrics.counter('c', { label: [] } as object), /did you mean 'labels'/)
  for (const buckets of [[], [2, 1], [1, 1], [Number.NaN], 5, undefined])
    assert.throws(() => metrics.histogram('h', { buckets: buckets as never }), /buckets of 'h' must be a list of rising finite numbers/)
  assert.throws(() => metrics.histogram('h', { buckets: [1], labels: ['le'] }), /cannot have the label 'le'/)
})

test("Node's own metrics come only when asked for", async () => {
  assert.not.match(await metrics.text(), /process_|nodejs_/)
  const whole = await metrics.text({ process: true })
  assert.match(whole, /^process_resident_memory_bytes \d/m)
  assert.match(whole, /^games_total /m)
})

test('what workers count is summed, and their gauges stand side by side', async () => {
  const tallies = [Tallies.remote(), Tallies.remote()] as const
  metrics.gauge('tally_load').set(1)
  await get([tallies[0].step.remote(3, 'a'), tallies[1].step.remote(4, 'a'), tallies[1].step.remote(5, 'b')])
  await get([tallies[0].set.remote(7), tallies[1].set.remote(8), tallies[0].observe.remote(1.5), tallies[1].observe.remote(9)])
  await flushInto(tallies[0], 'w1')
  await flushInto(tallies[1], 'w2')
  await get([tallies[0].step.remote(10, 'a'), tallies[0].add.remote(-1), tallies[0].observe.remote(1)])
  await flushInto(tallies[0], 'w1')
  assert.equal(await linesOf('tally_steps_total'), [
    '# HELP tally_steps_total Steps taken',
    '# TYPE tally_steps_total counter',
    'tally_steps_total{env="a"} 17',
    'tally_steps_total{env="b"} 5',
  ])
  assert.equal(await samplesOf('tally_load'), { tally_load: 1, 'tally_load{workerId="w1"}': 6, 'tally_load{workerId="w2"}': 8 })
  assert.equal(await samplesOf('tally_seconds'), {
    'tally_seconds_bucket{le="1"}': 1,
    'tally_seconds_bucket{le="2"}': 2,
    'tally_seconds_bucket{le="+Inf"}': 3,
    tally_seconds_sum: 11.5,
    tally_seconds_count: 3,
  })
  forgetWorker('w1')
  assert.equal(await samplesOf('tally_load'), { tally_load: 1, 'tally_load{workerId="w2"}': 8 })
})

test('the driver and a worker together count what one counter would have counted', async () => {
  const tally = Tallies.remote()
  const here = metrics.counter('tally_steps_total', { labels: ['env'] })
  const nameOf = (env: string) => `tally_steps_total{env="${env}"}`
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ env: fc.constantFrom('x', 'y', 'z'), times: fc.nat(5), where: fc.constantFrom('here', 'there', 'flush') })),
      async (steps) => {
        const expected = await samplesOf('tally_steps_total')
        for (const { env, times, where } of steps) {
          if (where === 'flush') await get(tally.flush.remote())
          else {
            if (where === 'here') for (let i = 0; i < times; i++) here.inc(1, { env })
            else await get(tally.step.remote(times, env))
            if (times > 0) expected[nameOf(env)] = (expected[nameOf(env)] ?? 0) + times
          }
        }
        await flushInto(tally, 'w3')
        assert.equal(await samplesOf('tally_steps_total'), expected)
      },
    ),
    { numRuns: 25 },
  )
})

test('a busy worker sends at most ten batches a second', async () => {
  const tally = Tallies.remote()
  const { tookMs, steps } = await get(tally.stepFor.remote(350, 'a'))
  const sent = await get(tally.batches.remote())
  assert.ok(sent.length >= 1)
  // Ten a second, and one that was due when it began.
  assert.ok(sent.length <= tookMs / 99 + 1, `${sent.length} batches in ${tookMs} ms`)
  await get(tally.flush.remote())
  const all = [...sent, ...(await get(tally.batches.remote()))].flat().filter(({ name }) => name === 'tally_steps_total')
  assert.is(
    all.flatMap(({ series }) => series).reduce((sum, { value }) => sum + value, 0),
    steps,
  )
})

test('an idle worker sends what it has without being asked, and then nothing', async () => {
  const tally = Tallies.remote()
  const flag = new Int32Array(new SharedArrayBuffer(4))
  await get([tally.signal.remote(flag), tally.step.remote(1, 'a')])
  while (Atomics.load(flag, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 10))
  await get(tally.flush.remote())
  assert.is(Atomics.load(flag, 0), 1)
})

test('a worker that declares a name otherwise is told of once and left out', async () => {
  metrics.counter('tally_contested').inc(3)
  const warnings: string[] = []
  const listen = (warning: Error) => warnings.push(warning.message)
  process.on('warning', listen)
  const tally = Tallies.remote()
  for (let i = 0; i < 2; i++) {
    await get(tally.contradict.remote())
    await flushInto(tally, 'w4')
  }
  await new Promise(setImmediate)
  process.off('warning', listen)
  assert.is(warnings.length, 1)
  assert.match(warnings[0]!, /counter 'tally_contested' .* as gauge 'tally_contested' without labels in w4/)
  assert.equal(await samplesOf('tally_contested'), { tally_contested: 3 })
})

test('a worker cannot write the text', async () => {
  assert.match(
    (await rejection(get(Tallies.remote().text.remote()))).message,
    /metrics\.text: the numbers of all threads are on the driver/,
  )
})

test.run()
