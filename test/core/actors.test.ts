import {
  ActorDiedError,
  type ActorHandle,
  actor,
  get,
  getActor,
  init,
  kill,
  type ObjectRef,
  put,
  remote,
  runtimeContext,
  shutdown,
  TaskError,
} from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

class Counter {
  n: number
  constructor(start = 0) {
    this.n = start
  }
  add(k: number): number {
    this.n += k
    return this.n
  }
  async addLater(k: number, ms: number): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve, ms))
    this.n += k
    return this.n
  }
  fail(): void {
    throw new RangeError('no such thing')
  }
}

export class Exported {
  shout(text: string): string {
    return loud(text)
  }
}

function loud(text: string): string {
  return `${text}!`
}

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

test('an actor keeps its state between calls and runs them in order', async () => {
  const counter = actor(Counter).remote(10)
  const refs = Array.from({ length: 500 }, () => counter.add.remote(1))
  assert.equal(
    await get(refs),
    refs.map((_, i) => 11 + i),
  )
  await kill(counter)
})

test('a call whose argument is not there yet holds back the calls after it', async () => {
  const counter = actor(Counter).remote()
  const slow = remote(async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return 5
  })
  const first = counter.add.remote(slow.remote())
  const second = counter.add.remote(1)
  assert.equal(await get([first, second]), [5, 6])
  await kill(counter)
})

test('async methods overlap, unless maxConcurrency is 1', async () => {
  const many = actor(Counter).remote()
  assert.equal(await get([many.addLater.remote(1, 60), many.addLater.remote(10, 5)]), [11, 10])
  const one = actor(Counter, { maxConcurrency: 1 }).remote()
  assert.equal(await get([one.addLater.remote(1, 60), one.addLater.remote(10, 5)]), [1, 11])
  await Promise.all([kill(many), kill(one)])
})

test('timers of an actor run while no call is open', async () => {
  class Clock {
    ticks = 0
    constructor() {
      setInterval(() => this.ticks++, 2)
    }
    read() {
      return this.ticks
    }
  }
  const clock = actor(Clock).remote()
  for (let ticks = 0; ticks < 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 10))
    ticks = await get(clock.read.remote())
  }
  await kill(clock)
})

test('a method that throws fails its call only', async () => {
  const counter = actor(Counter).remote(3)
  const error = await rejection(get(counter.fail.remote()))
  assert.instance(error, TaskError)
  assert.match(error.message, /Counter\.fail failed: RangeError: no such thing/)
  assert.is(await get(counter.add.remote(1)), 4)
  await kill(counter)
})

test('a constructor that throws is told by get of every call', async () => {
  class Broken {
    constructor() {
      throw new TypeError('cannot be')
    }
    call() {
      return 1
    }
  }
  const broken = actor(Broken).remote()
  const error = await rejection(get(broken.call.remote()))
  assert.instance(error, ActorDiedError)
  assert.instance(error.cause, TypeError)
  assert.match(error.message, /Broken could not be constructed: TypeError: cannot be/)
  assert.instance(await rejection(get(broken.call.remote())), ActorDiedError)
})

test('an actor whose constructor waits for a failed argument never lives', async () => {
  const fail = remote(async (): Promise<number> => {
    await null
    throw new RangeError('no start')
  })
  const counter = actor(Counter).remote(fail.remote())
  const error = await rejection(get(counter.add.remote(1)))
  assert.instance(error, ActorDiedError)
  assert.match(error.message, /could not be constructed: TaskError.*no start/)
})

test('a call that waits receives its arguments as they were made, whatever readers have done to them meanwhile', async () => {
  const counter = actor(Counter).remote()
  const slow = remote(async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return 5
  })
  class Pair {
    take(a: unknown, b: number) {
      return [a, b]
    }
  }
  const pair = actor(Pair).remote()
  const made = remote(() => ({ list: [] as unknown[] })).remote()
  const value = await get(made)
  const waiting = pair.take.remote(made, slow.remote())
  const behind = pair.take.remote(1, 2)
  value.list.push(() => 1)
  assert.equal(await get(waiting), [{ list: [] }, 5])
  assert.equal(await get(behind), [1, 2])
  await Promise.all([kill(counter), kill(pair)])
})

test('kill ends open calls, waiting calls and later ones', async () => {
  class Stuck {
    spin() {
      for (;;);
    }
  }
  const stuck = actor(Stuck).remote()
  const calls = [stuck.spin.remote(), stuck.spin.remote()]
  await kill(stuck, { noRestart: true })
  for (const call of [...calls, stuck.spin.remote()]) {
    const error = await rejection(get(call as ObjectRef))
    assert.instance(error, ActorDiedError)
    assert.match(error.message, /ended by kill/)
  }
})

test('an actor whose thread dies fails its calls, and says how it died', async () => {
  class Fragile {
    exit() {
      process.exit(3)
    }
    throwLater() {
      setTimeout(() => {
        throw new RangeError('from a timer')
      }, 1)
    }
    wait() {
      return new Promise(() => {})
    }
  }
  const first = actor(Fragile).remote()
  const error = await rejection(get(first.exit.remote()))
  assert.instance(error, ActorDiedError)
  assert.match(error.message, /lost its thread \(exit code 3\)/)
  const second = actor(Fragile).remote()
  await get(second.throwLater.remote())
  const later = await rejection(get(second.wait.remote()))
  assert.instance(later, ActorDiedError)
  assert.match(String(later.cause), /from a timer/)
})

test('an actor can be found by its name while it lives', async () => {
  const counter = actor(Counter, { name: 'the counter' }).remote(1)
  assert.throws(() => actor(Counter, { name: 'the counter' }).remote(), /an actor named 'the counter' is alive/)
  const same = await getActor<Counter>('the counter')
  assert.is(await get(same.add.remote(1)), 2)
  await kill(counter)
  assert.match((await rejection(getActor('the counter'))).message, /no living actor is named 'the counter'/)
})

test('a class can come from its module', async () => {
  const handle = actor(Exported, { module: import.meta.url }).remote()
  assert.is(await get(handle.shout.remote('hey')), 'hey!')
  await kill(handle)
})

test('a handle can be passed to a task and comes back as a working handle', async () => {
  const counter = actor(Counter).remote()
  const pass = remote((box: { counter: ActorHandle<Counter> }) => box)
  const { counter: back } = await get(pass.remote({ counter }))
  assert.is(await get(back.add.remote(2)), 2)
  assert.is(await get(counter.add.remote(2)), 4)
  await kill(counter)
})

test('an actor can keep a ref that it was given inside a value and hand it back', async () => {
  class Keeper {
    kept: ObjectRef<string> | undefined
    keep(box: { ref: ObjectRef<string> }) {
      this.kept = box.ref
    }
    giveBack() {
      return { ref: this.kept }
    }
  }
  const keeper = actor(Keeper).remote()
  await get(keeper.keep.remote({ ref: put('value') }))
  const { ref } = await get(keeper.giveBack.remote())
  assert.is(await get(ref as ObjectRef<string>), 'value')
  await kill(keeper)
})

test('runtimeContext tells an overlapping call which task it is, before and after it waits', async () => {
  class Aware {
    async ids(ms: number) {
      const { runtimeContext } = await import('gymnura')
      const before = runtimeContext()
      await new Promise((resolve) => setTimeout(resolve, ms))
      const after = runtimeContext()
      return [before.taskId, after.taskId, after.actorId, typeof after.workerId]
    }
  }
  const aware = actor(Aware).remote()
  await get(aware.ids.remote(0))
  const refs = [30, 10, 20].map((ms) => aware.ids.remote(ms))
  const seen = await get(refs)
  assert.equal(
    seen,
    refs.map(({ id }) => [id, id, aware.actorId, 'string']),
  )
  assert.is(runtimeContext().taskId, undefined)
  await kill(aware)
})

test('an actor that a worker has made answers whoever is given its handle, however soon', async () => {
  const make = remote(async () => {
    const { actor } = await import('gymnura')
    class Made {
      call() {
        return 'made'
      }
    }
    return { made: actor(Made).remote() as unknown as ActorHandle<{ call(): string }> }
  })
  for (let i = 0; i < 30; i++) {
    const { made } = await get(make.remote())
    assert.is(await get(made.call.remote(), { timeoutMs: 10_000 }), 'made')
  }
})

test('bad actors are refused at once', () => {
  class Thenable {
    // biome-ignore lint/suspicious/noThenProperty: the very thing that is refused
    then() {}
  }
  assert.throws(() => actor(Thenable), /has a method 'then'/)
  assert.throws(() => actor((() => 1) as unknown as typeof Counter), /expects a class/)
  assert.throws(() => actor(Counter, { maxConcurency: 1 } as object), /did you mean 'maxConcurrency'/)
  class Derived extends Counter {}
  assert.throws(() => actor(Derived), /Derived uses 'Counter' from outside itself/)
})

test.run()
