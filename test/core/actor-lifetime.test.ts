import { type ActorHandle, actor, get, getActor, init, kill, type ObjectRef, put, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { collectNow } from '../../core/store/collection.js'

/** Its thread shows by `beat` that it lives. */
class Beating {
  constructor(beat: Int32Array) {
    setInterval(() => Atomics.add(beat, 0, 1), 2)
  }
  call(): number {
    return 1
  }
  async slow(ms: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, ms))
    return 'answered'
  }
}
const Beatings = actor(Beating)
const newBeat = () => new Int32Array(new SharedArrayBuffer(4))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Whether it still beats, after what nobody holds has been collected, here and in the workers. */
async function beats(beat: Int32Array, rounds = 5): Promise<boolean> {
  for (let round = 0; round < rounds; round++) {
    collectNow()
    await pause(10)
  }
  const before = Atomics.load(beat, 0)
  await pause(60)
  return Atomics.load(beat, 0) > before
}

/** It has been constructed, which on a busy machine takes its time. */
async function born(beat: Int32Array): Promise<void> {
  while (Atomics.load(beat, 0) === 0) await pause(2)
}

async function ends(beat: Int32Array): Promise<void> {
  for (let tries = 0; tries < 50; tries++) if (!(await beats(beat, 1))) return
  assert.unreachable('the actor lives on')
}

const collectThere = remote(async () => {
  const { getHeapStatistics, setFlagsFromString } = await import('node:v8')
  const { runInNewContext } = await import('node:vm')
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  collect()
  await new Promise((resolve) => setTimeout(resolve, 5))
  collect()
  return getHeapStatistics().used_heap_size > 0
})

async function begin(beat: Int32Array, options: Parameters<typeof Beatings.options>[0] = {}): Promise<void> {
  await get(Beatings.options(options).remote(beat).call.remote())
}

test.before(() => init({ numCpus: 1 }))
test.after(() => shutdown())

test('an actor ends with its last handle, and not before', async () => {
  const beat = newBeat()
  let handle: ActorHandle<Beating> | undefined = Beatings.remote(beat)
  await get(handle.call.remote())
  assert.ok(await beats(beat))
  assert.is(await get(handle.call.remote()), 1)
  handle = undefined
  await ends(beat)
})

test('a pending call keeps its actor alive, though nobody has the handle any more', async () => {
  const beat = newBeat()
  const ref = Beatings.remote(beat).slow.remote(500)
  await born(beat)
  assert.ok(await beats(beat))
  assert.is(await get(ref), 'answered')
  await ends(beat)
})

test('a named actor ends with its last handle, one from getActor counts', async () => {
  const beat = newBeat()
  await begin(beat, { name: 'named' })
  await ends(beat)
  const again = newBeat()
  let made: ActorHandle<Beating> | undefined = Beatings.options({ name: 'named' }).remote(again)
  await get(made.call.remote())
  let found: ActorHandle<Beating> | undefined = await getActor<Beating>('named')
  made = undefined
  assert.ok(await beats(again))
  assert.is(await get(found.call.remote()), 1)
  found = undefined
  await ends(again)
})

test('a detached actor lives without handles until it is killed', async () => {
  const beat = newBeat()
  await begin(beat, { name: 'detached', lifetime: 'detached' })
  assert.ok(await beats(beat))
  await kill(await getActor('detached'))
  assert.not(await beats(beat))
})

test('a handle inside a stored object or another actor keeps the actor alive', async () => {
  class Keeper {
    private kept: { handle: ActorHandle<Beating> } | undefined
    keep(box: { handle: ActorHandle<Beating> }) {
      this.kept = box
    }
    has() {
      return this.kept !== undefined
    }
  }
  const beat = newBeat()
  const store = () => put({ handle: Beatings.remote(beat) })
  let stored: ObjectRef | undefined = store()
  await born(beat)
  assert.ok(await beats(beat, 8))
  stored = undefined
  await ends(beat)
  assert.is(stored, undefined)

  const kept = newBeat()
  const keeper = actor(Keeper).remote()
  const give = () => keeper.keep.remote({ handle: Beatings.remote(kept) })
  await get(give())
  await born(kept)
  assert.ok(await beats(kept, 8))
  assert.ok(await get(keeper.has.remote()))
  await kill(keeper)
  await ends(kept)
})

test('an actor lives on when the task that made it has ended and its worker is gone, while handles do', async () => {
  const make = remote(async (beat: Int32Array) => {
    const { actor, get } = await import('gymnura')
    class Made {
      constructor(beat: Int32Array) {
        setInterval(() => Atomics.add(beat, 0, 1), 2)
      }
      call() {
        return 'made'
      }
    }
    const made = actor(Made).remote(beat)
    await get(made.call.remote())
    return { made }
  })
  const beat = newBeat()
  let box: { made: ActorHandle<{ call(): string }> } | undefined = await get(make.remote(beat))
  await get(collectThere.remote())
  const crash = remote(() => process.exit(1)).options({ maxRetries: 0 })
  await get(crash.remote() as ObjectRef).catch(() => {})
  assert.ok(await beats(beat))
  assert.is(await get(box.made.call.remote()), 'made')
  box = undefined
  await ends(beat)
})

test('an actor whose maker’s worker dies ends with it, if nobody else has a handle', async () => {
  const make = remote(async (beat: Int32Array) => {
    const { actor, get } = await import('gymnura')
    class Made {
      constructor(beat: Int32Array) {
        setInterval(() => Atomics.add(beat, 0, 1), 2)
      }
      call() {
        return 'made'
      }
    }
    const made = actor(Made).remote(beat)
    await get(made.call.remote())
    Object.assign(globalThis, { made })
  })
  const beat = newBeat()
  await get(make.remote(beat))
  await get(collectThere.remote())
  assert.ok(await beats(beat))
  const crash = remote(() => process.exit(1)).options({ maxRetries: 0 })
  await get(crash.remote() as ObjectRef).catch(() => {})
  await ends(beat)
})

test('a worker’s handles are let go of when it collects them', async () => {
  const use = remote(async (box: { handle: ActorHandle<Beating> }) => {
    const { get } = await import('gymnura')
    return await get(box.handle.call.remote())
  })
  const beat = newBeat()
  let handle: ActorHandle<Beating> | undefined = Beatings.remote(beat)
  assert.is(await get(use.remote({ handle })), 1)
  handle = undefined
  for (let tries = 0; tries < 20; tries++) {
    await get(collectThere.remote())
    if (!(await beats(beat, 2))) return
  }
  assert.unreachable('the actor lives on')
})

test('handles that getActor and getIfExists gave to a worker count and end like others', async () => {
  const use = remote(async (beat: Int32Array) => {
    const { actor, get } = await import('gymnura')
    class Made {
      constructor(beat: Int32Array) {
        setInterval(() => Atomics.add(beat, 0, 1), 2)
      }
      call() {
        return 'made'
      }
    }
    const first = actor(Made, { name: 'if', getIfExists: true }).remote(beat)
    const second = actor(Made, { name: 'if', getIfExists: true }).remote(beat)
    const { getActor } = await import('gymnura')
    const third = await getActor<Made>('if')
    return await get([first.call.remote(), second.call.remote(), third.call.remote()])
  })
  const beat = newBeat()
  assert.equal(await get(use.remote(beat)), ['made', 'made', 'made'])
  for (let tries = 0; tries < 20; tries++) {
    await get(collectThere.remote())
    if (!(await beats(beat, 2))) return
  }
  assert.unreachable('the actor lives on')
})

test.run()
