import { type ActorHandle, actor, get, init, kill, type ObjectRef, put, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

class Saved {
  n = 0
  add(k: number): number {
    this.n += k
    return this.n
  }
  addAndThrow(k: number): void {
    this.n += k
    throw new RangeError('after all')
  }
  *stream(count: number) {
    for (let i = 0; i < count; i++) yield ++this.n
  }
  die(): void {
    process.exit(1)
  }
  saveState(): unknown {
    return { n: this.n }
  }
  restoreState(state: { n: number }): void {
    this.n = state.n
  }
}

const die = (handle: { die: { remote(): ObjectRef<void> } }) => rejection(get(handle.die.remote()))

test.before(() => init({ numCpus: 2 }))
test.after(() => shutdown())

test('an actor that is started again has the state that its callers were told of', async () => {
  const saved = actor(Saved, { maxRestarts: -1 }).remote()
  for (let round = 1; round <= 3; round++) {
    await get(Array.from({ length: 100 }, () => saved.add.remote(1)))
    await die(saved)
    assert.is(await get(saved.add.remote(0)), round * 100)
  }
  await kill(saved)
})

test('what a call changed before it threw is saved too', async () => {
  const saved = actor(Saved, { maxRestarts: 1 }).remote()
  assert.match((await rejection(get(saved.addAndThrow.remote(7)))).message, /after all/)
  await die(saved)
  assert.is(await get(saved.add.remote(0)), 7)
  await kill(saved)
})

test('the state is saved before each value of a stream is seen', async () => {
  class Yields {
    n = 0
    read() {
      return this.n
    }
    *stream() {
      for (;;) {
        yield ++this.n
        if (this.n === 5) process.exit(1)
      }
    }
    saveState() {
      return this.n
    }
    restoreState(n: number) {
      this.n = n
    }
  }
  const yields = actor(Yields, { maxRestarts: 1 }).remote()
  let last = 0
  try {
    for await (const ref of yields.stream.options({ numReturns: 'streaming' }).remote()) last = await get(ref as ObjectRef<number>)
  } catch {
    // It dies under the stream.
  }
  assert.is(last, 5)
  assert.is(await get(yields.read.remote()), 5)
  await kill(yields)
})

test('with async saveState and overlapping calls no older state replaces a newer one', async () => {
  class Slow {
    n = 0
    saves = 0
    async add() {
      const n = ++this.n
      await new Promise((resolve) => setTimeout(resolve, 1))
      return n
    }
    die() {
      process.exit(1)
    }
    async saveState() {
      const state = { n: this.n }
      // The first of two takes longer than the second.
      await new Promise((resolve) => setTimeout(resolve, this.saves++ % 2 ? 1 : 15))
      return state
    }
    async restoreState(state: { n: number }) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      this.n = state.n
    }
  }
  const slow = actor(Slow, { maxRestarts: -1 }).remote()
  let told = 0
  for (let round = 0; round < 10; round++) {
    const refs = Array.from({ length: 5 }, () => slow.add.remote())
    told = Math.max(told, ...(await get(refs.slice(0, 1 + (round % 5)))))
    void slow.die.remote()
    const now = await get(slow.add.remote())
    assert.ok(now > told, `${now} after ${told} was told`)
    told = now
  }
  await kill(slow)
})

test('calls wait until the state is restored', async () => {
  class Restored {
    ready = true
    constructor() {
      this.ready = true
    }
    call() {
      return this.ready
    }
    die() {
      process.exit(1)
    }
    saveState() {
      return 1
    }
    async restoreState() {
      this.ready = false
      await new Promise((resolve) => setTimeout(resolve, 30))
      this.ready = true
    }
  }
  const restored = actor(Restored, { maxRestarts: 1 }).remote()
  await get(restored.call.remote())
  const refs = [restored.die.remote() as ObjectRef, ...Array.from({ length: 20 }, () => restored.call.remote())]
  await rejection(get(refs[0]!))
  assert.ok((await get(refs.slice(1))).every((ready) => ready === true))
  await kill(restored)
})

test('a state with large arrays, refs and handles comes back whole, however often', async () => {
  class Learner {
    weights: Float64Array = new Float64Array(50_000)
    private kept: { ref?: ObjectRef<string>; handle?: ActorHandle<Saved> } = {}
    step(box?: { ref: ObjectRef<string>; handle: ActorHandle<Saved> }) {
      for (let i = 0; i < this.weights.length; i++) this.weights[i]! += 1
      if (box !== undefined) this.kept = box
      return this.weights[49_999]
    }
    /** Writes and dies before it is saved. */
    spoil() {
      this.weights.fill(-1)
      process.exit(1)
    }
    async look() {
      const { get } = await import('gymnura')
      return [this.weights[0], this.weights[49_999], await get(this.kept.ref!), await get(this.kept.handle!.add.remote(1))] as const
    }
    saveState() {
      return { weights: this.weights, kept: this.kept }
    }
    restoreState(state: { weights: Float64Array; kept: object }) {
      this.weights = state.weights
      this.kept = state.kept
    }
  }
  const other = actor(Saved).remote()
  const learner = actor(Learner, { maxRestarts: -1 }).remote()
  await get(learner.step.remote({ ref: put('kept'), handle: other }))
  for (let round = 1; round <= 4; round++) {
    assert.equal(await get(learner.look.remote()), [round, round, 'kept', round])
    await rejection(get(learner.spoil.remote() as ObjectRef))
    await rejection(get(learner.spoil.remote() as ObjectRef))
    assert.is(await get(learner.step.remote()), round + 1)
  }
  await Promise.all([kill(learner), kill(other)])
})

test('a restoreState that throws ends the actor, and says so', async () => {
  class Bad {
    call() {
      return 1
    }
    die() {
      process.exit(1)
    }
    saveState() {
      return 1
    }
    restoreState() {
      throw new RangeError('cannot restore')
    }
  }
  const bad = actor(Bad, { maxRestarts: -1, maxTaskRetries: -1 }).remote()
  await get(bad.call.remote())
  const died = await rejection(get(bad.die.remote() as ObjectRef))
  assert.match(died.message, /Bad could not be restored after it lost its thread: RangeError: cannot restore/)
  assert.match((await rejection(get(bad.call.remote()))).message, /could not be restored/)
})

test('a saveState that throws, or gives what cannot travel, fails the call that it follows', async () => {
  class Unsaved {
    mode = 'fine'
    set(mode: string) {
      this.mode = mode
      return mode
    }
    saveState(): unknown {
      if (this.mode === 'throws') throw new RangeError('no state today')
      return this.mode === 'function' ? { callback: () => 1 } : this.mode
    }
    restoreState(mode: string) {
      this.mode = mode
    }
  }
  const unsaved = actor(Unsaved).remote()
  assert.match((await rejection(get(unsaved.set.remote('throws')))).message, /no state today/)
  assert.match((await rejection(get(unsaved.set.remote('function')))).message, /callback is a function/)
  assert.is(await get(unsaved.set.remote('fine')), 'fine')
  await kill(unsaved)
})

test('a class with only one of the pair is refused', async () => {
  class Half {
    saveState() {
      return 1
    }
  }
  const error = await rejection(get(actor(Half).remote().saveState.remote()))
  assert.match(error.message, /Half has only one of saveState and restoreState; give it both, or neither/)
})

test('a parameter server under several workers that dies now and then loses no update that was confirmed', async () => {
  const server = actor(Saved, { maxRestarts: -1 }).remote()
  const client = remote(async (server: ActorHandle<Saved>, calls: number) => {
    const { get } = await import('gymnura')
    let confirmed = 0
    for (let i = 0; i < calls; i++) {
      try {
        await get(server.add.remote(1))
        confirmed++
      } catch {}
    }
    return confirmed
  })
  const clients = [client.remote(server, 300), client.remote(server, 300)]
  for (let i = 0; i < 8; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    await kill(server, { noRestart: false })
  }
  const confirmed = (await get(clients)).reduce((a, b) => a + b, 0)
  const total = await get(server.add.remote(0))
  // Some were done and saved whose answer was lost: at most those in flight at each death.
  assert.ok(total >= confirmed && total <= confirmed + 16, `${confirmed} confirmed, ${total} done`)
  await kill(server)
})

test.run()
