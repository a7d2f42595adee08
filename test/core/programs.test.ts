import fc from 'fast-check'
import { actor, cancel, type GymnuraError, get, init, kill, type ObjectRef, type RefStream, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/**
 * Programs of tasks, actors, streams, cancels, kills and crashes in any order: each `get` ends, with the value that the program
 * has by its text, or with an error that something in the program can have caused.
 */
type Step =
  | { kind: 'task'; x: number; after: number; options: object; ms: number }
  | { kind: 'throw' | 'exit'; options: object }
  | { kind: 'spin'; options: object }
  | { kind: 'nested'; x: number; depth: number }
  | { kind: 'several'; x: number; n: number }
  | { kind: 'stream'; n: number; read: number; options: object }
  | { kind: 'call'; which: number; x: number; ms: number }
  | { kind: 'cancel'; which: number; force: boolean; recursive: boolean }
  | { kind: 'kill'; which: number; noRestart: boolean }
  | { kind: 'pause'; ms: number }

const LIMIT_MS = 20_000
const anOption = fc.constantFrom({}, {}, {}, { timeoutMs: 15_000 }, { numCpus: 0, resources: { lamp: 1 } }, { maxRetries: 0 })
const any = fc.nat(1000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('task' as const), x: any, after: any, options: anOption, ms: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('throw' as const, 'exit' as const), options: anOption }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('spin' as const), options: fc.constant({ timeoutMs: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('nested' as const), x: any, depth: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('several' as const), x: any, n: fc.integer({ min: 2, max: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('stream' as const), n: fc.nat(200), read: fc.nat(300), options: anOption }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('call' as const), which: any, x: any, ms: fc.nat(4) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: any, force: fc.boolean(), recursive: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('kill' as const), which: any, noRestart: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.nat(30) }) },
)

const add = remote(async function add(x: number, ms: number, before: number) {
  const { signal } = (await import('gymnura')).runtimeContext()
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
  signal.throwIfAborted()
  return (x + before) % 1000
})
const fails = remote(function fails(): number {
  throw new RangeError('on purpose')
})
const exits = remote(function exits(): number {
  return process.exit(1)
})
const spins = remote(function spins(): number {
  for (;;);
})
const nested = remote(async function nested(x: number, depth: number): Promise<number> {
  const { get, remote } = await import('gymnura')
  if (depth === 0) return x
  const inner = remote(async (x: number, depth: number): Promise<number> => {
    const { get, remote } = await import('gymnura')
    return depth === 0 ? x : await get(remote((x: number) => x).remote(x))
  })
  const parts = await get([inner.remote(x, depth - 1), inner.remote(x + 1, 0)])
  return parts[0]! + parts[1]!
})
const several = remote(function several(x: number, n: number) {
  return Array.from({ length: n }, (_, i) => x + i)
})
const counts = remote(
  async function* counts(n: number) {
    for (let i = 0; i < n; i++) {
      if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
      yield i
    }
  },
  { numReturns: 'streaming' },
)
class Adder {
  async add(x: number, ms: number) {
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms))
    return x + 1
  }
}

interface Expected {
  readonly ref: ObjectRef
  readonly value: unknown
  /** Errors that the program itself can have caused. */
  readonly errors: Set<string>
  /** Another's failure is this one's. */
  readonly after?: Expected | undefined
}

async function run(steps: readonly Step[]): Promise<void> {
  const all: Expected[] = []
  const streams: Promise<void>[] = []
  const asked: Promise<unknown>[] = []
  const actors = [actor(Adder, { maxRestarts: 2, maxTaskRetries: 1 }), actor(Adder)].map((made) => made.remote())
  const dead = actors.map(() => false)
  const expect = (ref: ObjectRef, value: unknown, errors: string[] | Set<string> = [], after?: Expected): void => {
    all.push({ ref, value, errors: errors instanceof Set ? errors : new Set(errors), after })
  }
  for (const one of steps) {
    switch (one.kind) {
      case 'task': {
        const after = all.length > 0 && one.after % 3 === 0 ? all[one.after % all.length] : undefined
        const usable = after !== undefined && typeof after.value === 'number' ? after : undefined
        const ref = add.options(one.options).remote(one.x, one.ms, (usable?.ref as ObjectRef<number> | undefined) ?? 1)
        expect(ref, (one.x + ((usable?.value as number | undefined) ?? 1)) % 1000, [], usable)
        break
      }
      case 'throw':
        expect(fails.options(one.options).remote(), undefined, ['TaskError'])
        break
      case 'exit':
        expect(exits.options({ ...one.options, maxRetries: 1 }).remote(), undefined, ['WorkerCrashedError'])
        break
      case 'spin':
        expect(spins.options(one.options).remote(), undefined, ['TaskTimeoutError'])
        break
      case 'nested':
        expect(nested.remote(one.x, one.depth), 2 * one.x + 1, ['TaskError'])
        break
      case 'several': {
        // A cancel of one is a cancel of all.
        const together = new Set<string>()
        for (const [i, ref] of several.options({ numReturns: one.n }).remote(one.x, one.n).entries()) expect(ref, one.x + i, together)
        break
      }
      case 'stream':
        streams.push(readSome(counts.options(one.options).remote(one.n), one.n, one.read))
        break
      case 'call': {
        const which = one.which % actors.length
        expect(actors[which]!.add.remote(one.x, one.ms), one.x + 1, [])
        break
      }
      case 'cancel': {
        if (all.length === 0) break
        const target = all[one.which % all.length]!
        target.errors.add('TaskCancelledError')
        asked.push(
          cancel(target.ref, { force: one.force, recursive: one.recursive }).catch((error: GymnuraError) =>
            assert.match(error.message, /is a call of an actor/),
          ),
        )
        break
      }
      case 'kill': {
        const which = one.which % actors.length
        dead[which] = true
        asked.push(kill(actors[which]!, { noRestart: one.noRestart }))
        break
      }
      case 'pause':
        await new Promise((resolve) => setTimeout(resolve, one.ms))
    }
  }
  await Promise.all(asked)
  const maxRetries0 = steps.some((one) => one.kind === 'exit')
  for (const { ref, value, errors, after } of all) {
    const got = await get(ref, { timeoutMs: LIMIT_MS }).catch((error: Error) => error)
    if (!(got instanceof Error)) {
      assert.equal(got, value)
      continue
    }
    const possible = new Set(errors)
    for (let before = after; before !== undefined; before = before.after) for (const name of before.errors) possible.add(name)
    // A worker that another task ended takes those along that may not run again; a nested task's parts are such.
    if (maxRetries0) possible.add('WorkerCrashedError').add('ActorDiedError')
    if (dead.includes(true)) possible.add('ActorDiedError')
    assert.ok(possible.has(got.name), `${got.name}: ${got.message}; possible: ${[...possible]}`)
  }
  await Promise.all(streams)
  for (const one of actors) await kill(one)
}

async function readSome(stream: RefStream<number>, n: number, read: number): Promise<void> {
  let next = 0
  for await (const ref of stream) {
    if (next >= read) break
    const value = await get(ref, { timeoutMs: LIMIT_MS }).catch((error: Error) => error.name)
    if (value === 'WorkerCrashedError') return
    assert.is(value, next++)
  }
  assert.is(next, Math.min(n, read))
}

async function watched(steps: readonly Step[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the program did not end: ${JSON.stringify(steps)}`)), 2 * LIMIT_MS)
  })
  await Promise.race([run(steps), limit])
  clearTimeout(timer)
}

test.before(() => init({ numCpus: 2, resources: { lamp: 1 } }))
test.after(() => shutdown())

test('whatever a program does, each of its gets ends, with the right value or with an error that it has caused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => watched(steps)),
    // Each program runs once: what failed is not made smaller, since that may take minutes.
    { numRuns: Number(process.env.PROGRAMS ?? 25), endOnFailure: true, includeErrorInReport: true },
  )
})

test.run()
