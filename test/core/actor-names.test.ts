import { type ActorHandle, actor, get, getActor, init, kill, type ObjectRef, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'
import { Counter, exportedActors, Other } from './exported-actors.js'

const Counters = actor(Counter, { module: exportedActors })

test.before(() => init({ numCpus: 2, namespace: 'ours' }))
test.after(() => shutdown())

test('a name is found from workers too, also right after the actor was made there', async () => {
  const counter = Counters.options({ name: 'found' }).remote(1)
  const find = remote(async (name: string) => {
    const { get, getActor } = await import('gymnura')
    const found = await getActor<Counter>(name)
    return await get(found.add.remote(1))
  })
  assert.equal((await get([find.remote('found'), find.remote('found')])).sort(), [2, 3])
  const make = remote(async () => {
    const { actor, get, getActor } = await import('gymnura')
    class Local {
      call() {
        return 'called'
      }
    }
    const local = actor(Local, { name: 'local' }).remote()
    const found = await getActor<Local>('local')
    return [await get(found.call.remote()), await get(local.call.remote())]
  })
  assert.equal(await get(make.remote()), ['called', 'called'])
  await kill(counter)
})

test('a name belongs to its namespace', async () => {
  const [ours, theirs] = [Counters.options({ name: 'same' }).remote(1), Counters.options({ name: 'same', namespace: 'theirs' }).remote(2)]
  assert.is(await get((await getActor<Counter>('same')).add.remote(0)), 1)
  assert.is(await get((await getActor<Counter>('same', { namespace: 'ours' })).add.remote(0)), 1)
  assert.is(await get((await getActor<Counter>('same', { namespace: 'theirs' })).add.remote(0)), 2)
  assert.match(
    (await rejection(getActor('same', { namespace: 'nobody’s' }))).message,
    /no living actor is named 'same' in namespace 'nobody’s'/,
  )
  await Promise.all([kill(ours), kill(theirs)])
})

test('a name that is taken is refused, in a worker by the calls', async () => {
  const counter = Counters.options({ name: 'taken' }).remote()
  assert.throws(() => Counters.options({ name: 'taken' }).remote(), /an actor named 'taken' is alive; kill it first, give getIfExists, or/)
  const again = remote(async () => {
    const { actor, get } = await import('gymnura')
    class Local {
      call() {
        return 1
      }
    }
    const local = actor(Local, { name: 'taken' }).remote()
    try {
      await get(local.call.remote())
    } catch (error) {
      return `${error}`
    }
    return 'no error'
  })
  assert.match(await get(again.remote()), /^ActorDiedError: Local\.\w+: an actor named 'taken' is alive/)
  await kill(counter)
})

test('getIfExists gives the living actor and looks at nothing else', async () => {
  const first = Counters.options({ name: 'shared', getIfExists: true }).remote(10)
  const second = Counters.options({ name: 'shared', getIfExists: true }).remote(99)
  assert.equal(await get([first.add.remote(1), second.add.remote(1)]), [11, 12])
  assert.is(first.actorId, second.actorId)
  await kill(second)
  assert.match((await rejection(get(first.add.remote(1)))).message, /ended by kill/)
})

test('getIfExists without a name, or for a living actor of another class, is refused', async () => {
  assert.throws(() => Counters.options({ getIfExists: true }).remote(), /Counter: getIfExists needs a name/)
  const counter = Counters.options({ name: 'a counter' }).remote()
  assert.throws(
    () => actor(Other, { module: exportedActors, name: 'a counter', getIfExists: true }).remote(),
    /the living actor named 'a counter' is of another class \(Counter\); use getActor\('a counter'\), or another name/,
  )
  await kill(counter)
})

const race = remote(async (go: Int32Array, name: string, start: number) => {
  const { actor, get } = await import('gymnura')
  class Raced {
    n: number
    constructor(start: number) {
      this.n = start
    }
    add(k: number) {
      this.n += k
      return this.n
    }
    die() {
      process.exit(1)
    }
  }
  Atomics.add(go, 0, 1)
  while (Atomics.load(go, 0) < 2);
  const raced = actor(Raced, { name, getIfExists: true, maxRestarts: -1 }).remote(start)
  const values: number[] = []
  for (let i = 0; i < 50; i++) values.push(await get(raced.add.remote(1)))
  return { raced, values }
})

test('of two workers that ask for the same name at once one makes the actor, and both use it', async () => {
  for (let round = 0; round < 5; round++) {
    const go = new Int32Array(new SharedArrayBuffer(4))
    const [a, b] = await get([race.remote(go, `raced ${round}`, 0), race.remote(go, `raced ${round}`, 0)])
    const all = [...a!.values, ...b!.values].sort((x, y) => x - y)
    assert.equal(
      all,
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
    // Handles of both kinds are told of a restart, and of the end.
    await rejection(get(a!.raced.die.remote() as ObjectRef))
    assert.equal(await get([a!.raced.add.remote(1), b!.raced.add.remote(0)]).then((values) => values.sort()), [1, 1])
    await kill(b!.raced)
    for (const { raced } of [a!, b!]) assert.match((await rejection(get(raced.add.remote(1)))).message, /ended by kill/)
  }
})

test('many workers and the driver together make one actor of a name', async () => {
  const ask = remote(async (from: number) => {
    const { actor, get } = await import('gymnura')
    class One {
      seen: number[] = []
      note(from: number) {
        this.seen.push(from)
        return this.seen.length
      }
    }
    return await get(actor(One, { name: 'one', getIfExists: true, lifetime: 'detached' }).remote().note.remote(from))
  })
  const refs = Array.from({ length: 20 }, (_, from) => ask.remote(from))
  const counts = await get(refs)
  assert.equal(
    counts.sort((a, b) => a - b),
    refs.map((_, i) => i + 1),
  )
  await kill(await getActor('one'))
})

test('handles travel to tasks, actors, into stored objects and results, back and forth', async () => {
  const { put } = await import('gymnura')
  class Keeper {
    private kept: { counter: ActorHandle<Counter> } | undefined
    keep(box: { counter: ActorHandle<Counter> }) {
      this.kept = box
      return box
    }
    async use(k: number) {
      const { get } = await import('gymnura')
      return await get(this.kept!.counter.add.remote(k))
    }
  }
  const counter = Counters.remote()
  const keeper = actor(Keeper).remote()
  const stored = put({ deep: [{ counter }] })
  const task = remote(
    async (counter: ActorHandle<Counter>, box: { deep: { counter: ActorHandle<Counter> }[] }, keeper: ActorHandle<Keeper>) => {
      const { get, put } = await import('gymnura')
      const back = await get(keeper.keep.remote({ counter }))
      await get([counter.add.remote(1), box.deep[0]!.counter.add.remote(1), back.counter.add.remote(1)])
      return { counter: back.counter, ref: put({ counter }) }
    },
  )
  const { counter: returned, ref } = await get(task.remote(counter, stored, keeper))
  assert.is(await get(returned.add.remote(1)), 4)
  assert.is(await get((await get(ref)).counter.add.remote(1)), 5)
  assert.is(await get(keeper.use.remote(1)), 6)
  assert.is((await get(stored)).deep[0]!.counter.actorId, counter.actorId)
  await Promise.all([kill(counter), kill(keeper)])
  assert.match((await rejection(get(returned.add.remote(1)))).message, /ended by kill/)
})

test.run()
