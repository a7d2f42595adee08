/** The soak's kinds of work, each with the answer that is known beforehand. */
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { type ActorHandle, get as getUnlimited, kill, ObjectLostError, type ObjectRef, put, TaskError, wait } from '../../../core/index.js'
import { add, echo, type Ledger, makeRefs, nestedSum, pause, record, refusing, Sequences, square, stream } from './work.js'

/** A `get` that takes longer has hung. */
const GET_LIMIT_MS = 60_000
/** An object whose owner was killed may be lost: so often the work is done again before that is a failure. */
const MOST_LOSSES = 100

export interface Tools {
  readonly ledgers: readonly ActorHandle<Ledger>[]
  /** In [0, 1). */
  readonly draw: () => number
  /** A whole number below `most`. */
  readonly below: (most: number) => number
  /** A name that nobody else has. */
  readonly unique: () => string
  /** A number that changes with each fault; undefined while one is on. */
  readonly peace: () => number | undefined
  /** Work that is done again because an object's owner died, and entries that are given again because an actor died. */
  readonly again: (what: 'lost objects' | 'entries given again', count: number) => void
}

const limit = { timeoutMs: GET_LIMIT_MS }
const get = <T>(ref: ObjectRef<T>): Promise<T> => getUnlimited(ref, limit)
const getAll = <T>(refs: ObjectRef<T>[]): Promise<T[]> => getUnlimited(refs, limit)
const range = (n: number) => Array.from({ length: n }, (_, i) => i)

export const load: Readonly<Record<string, (tools: Tools) => Promise<void>>> = {
  'flat tasks': async () => {
    const values = await getAll(range(1000).map((i) => square.remote(i)))
    deepStrictEqual(
      values,
      range(1000).map((i) => i * i),
    )
  },

  'async tasks': async ({ below }) => {
    const values = await getAll(range(50).map((i) => pause.remote(i, below(10))))
    deepStrictEqual(
      values,
      range(50).map((i) => i + 1),
    )
  },

  'nested tasks': async ({ below }) => {
    const high = 16 + below(240)
    strictEqual(await get(nestedSum.remote(0, high)), (high * (high - 1)) / 2)
  },

  'chains through large objects': async ({ below }) => {
    const start = new Float64Array(4096 + below(2 ** 18)).map((_, i) => i)
    let ref: ObjectRef<Float64Array> = put(start)
    const links = 1 + below(6)
    for (let i = 0; i < links; i++) ref = add.remote(ref, 1)
    const end = await get(ref)
    strictEqual(end.length, start.length)
    ok(end.every((value, i) => value === i + links))
  },

  'values of all kinds': async ({ below, unique }) => {
    const cycle: { name: string; self?: unknown } = { name: unique() }
    cycle.self = cycle
    const value = {
      big: 2n ** 80n + BigInt(below(1000)),
      list: [1, undefined, null, -0, Number.NaN, 'ü'],
      map: new Map([[new Date(below(1e9)), new Set(range(below(50)))]]),
      bytes: new Uint8Array(below(20_000)).fill(below(256)),
      cycle,
    }
    deepStrictEqual(await get(echo.remote(value)), value)
  },

  'objects owned by tasks': async ({ below, again, peace }) => {
    const [x, length] = [below(1000), 10 + below(50_000)]
    for (let losses = 0; ; losses++) {
      const before = peace()
      try {
        const { stored, started } = await get(makeRefs.remote(x, length))
        strictEqual(await get(started), x * x)
        const array = await get(add.remote(stored, 1))
        ok(array.length === length && array.every((value) => value === x + 1))
        return
      } catch (error) {
        // The worker that owned them was killed: nobody is left to ask. In peace nothing may be lost.
        if (!isLoss(error) || losses === MOST_LOSSES || (before !== undefined && before === peace())) throw error
        again('lost objects', 1)
      }
    }
  },

  streaming: async ({ below }) => {
    const n = 1 + below(300)
    const values: number[] = []
    for await (const ref of stream.remote(n)) values.push(await get(ref))
    deepStrictEqual(values, range(n))
  },

  wait: async ({ below }) => {
    let pending = range(40).map((i) => pause.remote(i, below(30)))
    const all = new Set(pending)
    let sum = 0
    while (pending.length > 0) {
      const [ready, rest] = await wait(pending, { numReturns: Math.min(3, pending.length) })
      strictEqual(ready.length + rest.length, pending.length)
      for (const ref of ready) ok(all.delete(ref))
      for (const value of await getAll(ready)) sum += value
      pending = rest
    }
    strictEqual(sum, (40 * 41) / 2)
  },

  "tasks' own errors": async ({ below }) => {
    const x = below(1000)
    const error = await get(refusing.remote(x)).catch((thrown: unknown) => thrown)
    ok(error instanceof TaskError)
    ok(error.cause instanceof Error && error.cause.message === `no to ${x}`)
  },

  'short-lived actors': async () => {
    const sequence = Sequences.remote()
    const values = await getAll(range(200).map(() => sequence.next.remote()))
    deepStrictEqual(
      values,
      range(200).map((i) => i + 1),
    )
    await kill(sequence)
  },

  'actors with state': async (tools) => {
    const { ledger, batch, values } = newBatch(tools)
    await keepUntilWhole(tools, ledger, batch, values, (missing) =>
      getAll(missing.map((index) => ledger.add.remote(batch, index, values[index]))),
    )
  },

  'actors with state, from tasks': async (tools) => {
    const { ledger, batch, values } = newBatch(tools)
    await keepUntilWhole(tools, ledger, batch, values, () => get(record.remote(ledger, batch, values)))
  },
}

function newBatch({ ledgers, below, unique }: Tools): { ledger: ActorHandle<Ledger>; batch: string; values: number[] } {
  return { ledger: ledgers[below(ledgers.length)], batch: unique(), values: range(1 + below(100)).map(() => below(1e6)) }
}

/**
 * Calls are made again on an actor that died (`maxTaskRetries`), and it comes back with the state it saved last. What it took in between
 * is given again, until it holds all of it: never anything else.
 */
async function keepUntilWhole(
  { again }: Tools,
  ledger: ActorHandle<Ledger>,
  batch: string,
  values: readonly number[],
  give: (missing: readonly number[]) => Promise<unknown>,
): Promise<void> {
  for (let missing = range(values.length), first = true; missing.length > 0; first = false) {
    if (!first) again('entries given again', missing.length)
    await give(missing)
    const entries = new Map(await get(ledger.entries.remote(batch)))
    for (const [index, value] of entries) strictEqual(value, values[index])
    missing = missing.filter((index) => !entries.has(index))
  }
  await get(ledger.forget.remote(batch))
}

/** Lost itself, or as an argument of a task. */
function isLoss(error: unknown): boolean {
  return error instanceof ObjectLostError || (error instanceof TaskError && error.cause instanceof ObjectLostError)
}
