import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { containerPid, until, withServer } from './tools.js'

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[\d.e+-]+|\+Inf|NaN)$/

/** Prometheus' text format: values by `name{labels}`. @throws for a line that is none of it */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>()
  const typed = new Set<string>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ')) continue
    const type = /^# TYPE (\S+) (counter|gauge|histogram)$/.exec(line)
    if (type) {
      typed.add(type[1]!)
      continue
    }
    const sample = SAMPLE.exec(line)
    if (!sample) throw new Error(`not a line of the format: ${line}`)
    const [, name = '', labels = '', value] = sample
    assert.ok(typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, '')), `${name} has no type`)
    values.set(`${name}{${labels}}`, Number(value))
  }
  return values
}

test('/metrics is in the text format and counts what happened', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy())
    for (let i = 0; i < 10; i++) await client.predict('push', [0, 0, i % 5, 1])
    const response = await fetch(`${server.url}/metrics`)
    assert.match(response.headers.get('content-type')!, 'text/plain')
    const values = parse(await response.text())
    assert.is(values.get('gymnura_queries_total{application="push"}'), 10)
    assert.is(values.get('gymnura_cache_hits_total{}'), 5)
    assert.is(values.get('gymnura_cache_misses_total{}'), 5)
    assert.is(values.get('gymnura_default_answers_total{application="push",reason="late"}'), 0)
    assert.is(values.get('gymnura_batch_items_total{model="push",version="1"}'), 5)
    assert.is(values.get('gymnura_container_up{model="push",version="1",replica="0"}'), 1)
    assert.is(values.get('gymnura_predict_latency_seconds_count{application="push"}'), 10)
    assert.is(values.get('gymnura_predict_latency_seconds_bucket{application="push",le="+Inf"}'), 10)
    const buckets = [...values].filter(([name]) => name.startsWith('gymnura_predict_latency_seconds_bucket')).map(([, value]) => value)
    assert.equal(
      buckets,
      [...buckets].sort((a, b) => a - b),
    )
  }))

test('requests are counted by method, route and status; paths that are none of ours as one', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    for (let i = 0; i < 3; i++) await client.predict('push', [0, 0, i, 1])
    const post = (path: string, body: string) => fetch(server.url + path, { method: 'POST', body })
    await post('/push/predict', '{')
    await post('/none/predict', '{"input":[1]}')
    await post('/v1/models/push:predict', '{"instances":[[0,0,0,1]]}')
    for (const path of ['/wp-login.php', '/a/b/c']) await fetch(server.url + path)
    const stop = new AbortController()
    await fetch(`${server.url}/push/stream`, { signal: stop.signal })
    stop.abort()
    const values = parse(await (await fetch(`${server.url}/metrics`)).text())
    const count = (method: string, route: string, status: number) =>
      values.get(`gymnura_http_requests_total{method="${method}",route="${route}",status="${status}"}`)
    assert.equal(
      [200, 400, 404].map((status) => count('POST', '/{application}/predict', status)),
      [3, 1, 1],
    )
    assert.is(count('POST', '/v1/models/{model}:predict', 200), 1)
    assert.is(count('GET', '/{application}/stream', 200), 1)
    assert.is(count('GET', '(unknown)', 404), 2)
  }))

test('arms are counted: who was asked, and what feedback said of them', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), {
      isolation: 'inline',
      application: { selection: { policy: 'epsilon-greedy', epsilon: 0 }, defaultOutput: 9 },
    })
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await server.link('push', 'push:1')
    for (let i = 0; i < 4; i++) {
      const { queryId } = await client.predict('push', [0, 0, i, 1])
      await client.feedback('push', { queryId, reward: i === 0 ? 0.5 : 1 })
    }
    const { arms, selection } = server.metrics().applications.push!
    assert.is(selection, 'epsilon-greedy')
    // Both are told of once, and the better one of what is left.
    assert.equal(
      arms.map(({ name, model, queries, feedback, meanReward, weight }) => [name, model, queries, feedback, meanReward, weight]),
      [
        ['push', 'push:2', 1, 1, 0.5, 0.5],
        ['push:1', 'push:1', 3, 3, 1, 1],
      ],
    )
    const values = parse(await (await fetch(`${server.url}/metrics`)).text())
    assert.is(values.get('gymnura_arm_queries_total{application="push",arm="push:1"}'), 3)
    assert.is(values.get('gymnura_arm_reward_total{application="push",arm="push"}'), 0.5)
    assert.equal((await client.admin.metrics()).applications.push!.arms, arms)
  }))

test('a second scrape tells the counts, not twice the counts', () =>
  withServer(async (server, client) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    await client.predict('push', [0, 0, 0, 1])
    const scrape = async () => parse(await (await fetch(`${server.url}/metrics`)).text()).get('gymnura_queries_total{application="push"}')
    assert.equal([await scrape(), await scrape()], [1, 1])
  }))

test('metrics() tells latencies, batch sizes, the state of batching and the hit ratio', () =>
  withServer(async (server, client) => {
    assert.equal(server.metrics().cache, { hits: 0, misses: 0, joins: 0, hitRatio: 0, entries: 0, bytes: 0 })
    await server.publish('push', pushPolicy())
    assert.is(server.metrics().applications.push?.p50Ms, null)
    await client.predictBatch('push', [
      [0, 0, 0, 1],
      [0, 0, 0, 2],
      [0, 0, 0, 1],
    ])
    await client.predict('push', [0, 0, 0, 2])
    const { applications, models, cache } = server.metrics()
    assert.is(applications.push?.queries, 4)
    assert.ok(applications.push!.p50Ms! > 0 && applications.push!.p50Ms! <= applications.push!.p99Ms!)
    const { batchSizes, replicas, queued } = models[0]!
    assert.is(
      Object.entries(batchSizes).reduce((sum, [size, count]) => sum + Number(size) * count, 0),
      2,
    )
    assert.is(queued, 0)
    assert.ok(replicas[0]!.maxBatch > 1)
    assert.is(cache.hitRatio, 0.25)
  }))

test('the server is live at once, and ready while every model has a container', () =>
  withServer(async (server) => {
    const health = async (what: string) => (await fetch(`${server.url}/v2/health/${what}`)).status
    assert.equal([await health('live'), await health('ready')], [200, 200])
    await server.publish('push', pushPolicy())
    process.kill(containerPid(server), 'SIGKILL')
    await until(async () => (await health('ready')) === 503)
    await until(async () => (await health('ready')) === 200)
    assert.is(await health('live'), 200)
  }))

test.run()
