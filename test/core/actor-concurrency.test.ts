import { type ActorHandle, actor, cancel, get, init, kill, type ObjectRef, remote, shutdown, TaskCancelledError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

/** Counts how many of its calls are open at once. */
class Gauge {
  open = 0
  most = 0
  order: number[] = []
  async hold(ms: number): Promise<number> {
    this.most = Math.max(this.most, ++this.open)
    await new Promise((resolve) => setTimeout(resolve, ms))
    this.open--
    return this.most
  }
  sync(n: number): number {
    this.order.push(n)
    return this.open
  }
  read(): { most: number; order: number[] } {
    return { most: this.most, order: this.order }
  }
  *count(n: number) {
    for (let i = 0; i < n; i++) yield i
  }
}

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

test('as many async calls are open as maxConcurrency says, from all callers together', async () => {
  for (const maxConcurrency of [1, 3]) {
    const gauge = actor(Gauge, { maxConcurrency }).remote()
    const caller = remote(async (gauge: ActorHandle<Gauge>) => {
      const { get } = await import('gymnura')
      return await get(Array.from({ length: 20 }, () => gauge.hold.remote(2)))
    })
    await get([caller.remote(gauge), caller.remote(gauge), ...Array.from({ length: 20 }, () => gauge.hold.remote(2))] as ObjectRef[])
    assert.is((await get(gauge.read.remote())).most, maxConcurrency)
    await kill(gauge)
  }
})

test('sync methods never overlap: each runs from its beginning to its end alone', async () => {
  class Plain {
    inside = 0
    step(ms: number) {
      const before = this.inside++
      for (const end = performance.now() + ms; performance.now() < end; );
      this.inside--
      return before
    }
    async mixed(ms: number) {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return this.step(1)
    }
  }
  const plain = actor(Plain, { maxConcurrency: 50 }).remote()
  const refs = Array.from({ length: 60 }, (_, n) => (n % 2 ? plain.step.remote(1) : plain.mixed.remote(n % 5)))
  assert.equal(
    await get(refs),
    refs.map(() => 0),
  )
  await kill(plain)
})

test('concurrency groups have limits of their own, chosen by the method or by the call', async () => {
  class Groups {
    open: Record<string, number> = { io: 0, compute: 0, none: 0 }
    most: Record<string, number> = { io: 0, compute: 0, none: 0 }
    async work(group: string) {
      this.most[group] = Math.max(this.most[group]!, ++this.open[group]!)
      await new Promise((resolve) => setTimeout(resolve, 3))
      this.open[group]!--
    }
    async f(group: string) {
      await this.work(group)
    }
    read() {
      return this.most
    }
  }
  const groups = actor(Groups, {
    maxConcurrency: 5,
    concurrencyGroups: { io: 2, compute: { maxConcurrency: 1, methods: ['f'] } },
  }).remote()
  const refs = Array.from({ length: 30 }, () => [
    groups.work.options({ concurrencyGroup: 'io' }).remote('io'),
    groups.f.remote('compute'),
    groups.f.options({ concurrencyGroup: 'io' }).remote('io'),
    groups.work.remote('none'),
  ]).flat()
  await get(refs)
  assert.equal(await get(groups.read.remote()), { io: 2, compute: 1, none: 5 })
  await kill(groups)
})

test('a full group does not hold up the others', async () => {
  const gauge = actor(Gauge, { maxConcurrency: 1, concurrencyGroups: { io: 1 } }).remote()
  const io = gauge.hold.options({ concurrencyGroup: 'io' })
  const long = io.remote(60_000)
  const behind = Array.from({ length: 3000 }, () => io.remote(1))
  assert.is(await get(gauge.sync.remote(1), { timeoutMs: 5000 }), 1)
  assert.is(behind.length, 3000)
  await kill(gauge)
  assert.match((await rejection(get(long))).message, /ended by kill/)
})

test('sync calls that waited for room in a group all run, in order, when there is some', async () => {
  const gauge = actor(Gauge, { concurrencyGroups: { io: { maxConcurrency: 1, methods: ['hold', 'sync'] } } }).remote()
  const refs = [
    gauge.hold.remote(20),
    ...Array.from({ length: 10 }, (_, n) => gauge.sync.remote(n)),
    gauge.hold.remote(1),
    gauge.sync.remote(10),
  ]
  await get(refs, { timeoutMs: 5000 })
  assert.equal((await get(gauge.read.remote())).order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  await kill(gauge)
})

test('a call that waits for room in its group can be cancelled, and never runs', async () => {
  const gauge = actor(Gauge, { concurrencyGroups: { io: { maxConcurrency: 1, methods: ['hold', 'sync'] } } }).remote()
  const first = gauge.hold.remote(50)
  const [cancelled, kept] = [gauge.sync.remote(1), gauge.sync.remote(2)]
  await get(gauge.read.remote())
  await cancel(cancelled)
  assert.instance(await rejection(get(cancelled, { timeoutMs: 5000 })), TaskCancelledError)
  await get([first, kept])
  assert.equal((await get(gauge.read.remote())).order, [2])
  await kill(gauge)
})

test('groups that name no method, a method twice or an unknown group are refused with what there is', () => {
  assert.throws(
    () => actor(Gauge, { concurrencyGroups: { io: { maxConcurrency: 1, methods: ['hould'] } } }),
    /Gauge: concurrency group 'io' names 'hould', which is no method \(it has hold, sync, read, count\)/,
  )
  const both = { a: { maxConcurrency: 1, methods: ['hold'] }, b: { maxConcurrency: 1, methods: ['hold'] } }
  assert.throws(() => actor(Gauge, { concurrencyGroups: both }), /method 'hold' is in two concurrency groups, 'a' and 'b'/)
  assert.throws(() => actor(Gauge, { concurrencyGroups: { io: 0 } }), /concurrencyGroups must be an object such as/)
  const misspelt = { io: { maxConcurrency: 1, method: [] } } as never
  assert.throws(() => actor(Gauge, { concurrencyGroups: misspelt }), /concurrencyGroups must be an object such as/)
  const bad = { io: { maxConcurrency: 1, methods: 'hold' } } as unknown as Record<string, number>
  assert.throws(() => actor(Gauge, { concurrencyGroups: bad }), /concurrencyGroups must be an object such as/)
  const gauge = actor(Gauge, { concurrencyGroups: { io: 1 } }).remote()
  assert.throws(() => gauge.hold.options({ concurrencyGroup: 'oi' }), /has no concurrency group 'oi' \(it has io\)/)
})

test('an actor can call itself and wait for it, where maxConcurrency is above 1', async () => {
  class Recursive {
    async sum(self: { handle: ActorHandle<Recursive> }, n: number): Promise<number> {
      if (n === 0) return 0
      const { get } = await import('gymnura')
      return n + (await get(self.handle.sum.remote(self, n - 1)))
    }
  }
  const recursive = actor(Recursive, { maxConcurrency: 30 }).remote()
  assert.is(await get(recursive.sum.remote({ handle: recursive }, 20), { timeoutMs: 10_000 }), 210)
  await kill(recursive)
})

test('actors that call each other back do not wait forever', async () => {
  class Peer {
    private other: ActorHandle<Peer> | undefined
    meet(box: { other: ActorHandle<Peer> }) {
      this.other = box.other
    }
    async ping(depth: number): Promise<number> {
      const { get } = await import('gymnura')
      return depth === 0 ? 0 : 1 + (await get(this.other!.ping.remote(depth - 1)))
    }
  }
  const [a, b] = [actor(Peer).remote(), actor(Peer).remote()]
  await get([a.meet.remote({ other: b }), b.meet.remote({ other: a })])
  const refs = Array.from({ length: 50 }, (_, n) => [a.ping.remote(n % 10), b.ping.remote(n % 10)]).flat()
  assert.equal(
    await get(refs, { timeoutMs: 10_000 }),
    refs.map((_, n) => (n >> 1) % 10),
  )
  await Promise.all([kill(a), kill(b)])
})

test('actors that flood each other with calls and answers finish', async () => {
  class Flood {
    big(n: number) {
      return 'x'.repeat(n)
    }
    async flood(other: { handle: ActorHandle<Flood> }, calls: number) {
      const { get } = await import('gymnura')
      const refs = Array.from({ length: calls }, () => other.handle.big.remote(2000))
      return (await get(refs)).reduce((sum: number, text: string) => sum + text.length, 0)
    }
  }
  const [a, b] = [actor(Flood).remote(), actor(Flood).remote()]
  const both = [a.flood.remote({ handle: b }, 3000), b.flood.remote({ handle: a }, 3000), a.flood.remote({ handle: a }, 3000)]
  assert.equal(await get(both, { timeoutMs: 30_000 }), [6e6, 6e6, 6e6])
  await Promise.all([kill(a), kill(b)])
})

test.run()
