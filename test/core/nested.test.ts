import { actor, get, init, type ObjectRef, put, remote, runtimeContext, shutdown, TaskError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rejection } from './expect.js'

/** Found in the workers by `{ module }`. */
export async function fib(n: number): Promise<number> {
  if (n < 2) return n
  const [a, b] = await get([nestedFib.remote(n - 1), nestedFib.remote(n - 2)])
  return a + b
}
const nestedFib = remote(fib, { module: import.meta.url })

export async function descend(depth: number): Promise<number> {
  return depth === 0 ? 0 : 1 + (await get(nestedDescend.remote(depth - 1)))
}
const nestedDescend = remote(descend, { module: import.meta.url })

if (runtimeContext().workerId === undefined) {
  test.before(() => init({ numCpus: 2, resources: { lamp: 1 } }))
  test.after(() => shutdown())

  test('tasks start tasks and wait for them, to any depth and width, on two workers', async () => {
    assert.is(await get(nestedFib.remote(12)), 144)
    assert.is(await get(nestedDescend.remote(150)), 150)
    const wide = remote(async (n: number) => {
      const { get, remote } = await import('gymnura')
      const one = remote((i: number) => i)
      return (await get(Array.from({ length: n }, (_, i) => one.remote(i)))).reduce((a, b) => a + b)
    })
    assert.equal(await get([1, 2, 3].map(() => wide.remote(1000))), [499_500, 499_500, 499_500])
  })

  test('a task that waits lends its CPU, also to children with needs of their own: nothing waits for itself', async () => {
    const outer = remote(async (depth: number, options: object): Promise<number> => {
      const { get, remote } = await import('gymnura')
      const inner = remote(async (depth: number, options: object): Promise<number> => {
        const { get, remote } = await import('gymnura')
        if (depth === 0) return 1
        return 1 + (await get(remote((x: number) => x, options).remote(depth)))
      }, options)
      return await get(inner.remote(depth, options))
    })
    for (const options of [{}, { numCpus: 2 }, { timeoutMs: 30_000 }, { numCpus: 0.5 }, { runtime: 'process' }]) {
      assert.equal(
        await get(
          [1, 2, 3].map((x) => outer.remote(x, options)),
          { timeoutMs: 60_000 },
        ),
        [2, 3, 4],
      )
    }
  })

  test('refs go down and up: a parent’s ref into a child, a child’s ref out to the program, unresolved inside a value', async () => {
    const outer = remote(async (given: { ref: ObjectRef<number> }) => {
      const { get, put, remote } = await import('gymnura')
      const plus = remote((a: number, b: number) => a + b)
      const made = plus.remote(given.ref, 1)
      return { again: given.ref, made, put: put([await get(made)]) }
    })
    const ref = put(41)
    const { again, made, put: stored } = await get(outer.remote({ ref }))
    assert.is(again, ref)
    assert.is(await get(made), 42)
    assert.equal(await get(stored), [42])
  })

  test('the error of a child goes up through its parents, each of which is named, to its cause', async () => {
    const outer = remote(async function outer() {
      const { get, remote } = await import('gymnura')
      const inner = remote(function inner() {
        throw new RangeError('at the bottom')
      })
      await get(inner.remote())
    })
    const error = (await rejection(get(outer.remote()))) as TaskError
    assert.instance(error, TaskError)
    assert.match(error.message, /^outer failed: .*inner failed: RangeError: at the bottom/)
    const between = error.cause as TaskError
    assert.is(between.name, 'TaskError')
    assert.instance(between.cause, RangeError)
  })

  test('a child goes on when its parent has returned', async () => {
    const done = new Int32Array(new SharedArrayBuffer(4))
    const parent = remote(async (done: Int32Array) => {
      const { remote } = await import('gymnura')
      const child = remote(async (done: Int32Array) => {
        await new Promise((resolve) => setTimeout(resolve, 50))
        Atomics.add(done, 0, 1)
        return 'child'
      })
      return [child.remote(done)]
    })
    const [child] = await get(parent.remote(done))
    assert.is(done[0], 0)
    assert.is(await get(child!), 'child')
    assert.is(done[0], 1)
  })

  test('wait inside a task keeps the order, times out, and lends the CPU meanwhile', async () => {
    const outer = remote(async () => {
      const { remote, wait } = await import('gymnura')
      const later = remote((ms: number) => new Promise<number>((resolve) => setTimeout(() => resolve(ms), ms)))
      const refs = [later.remote(400), later.remote(1), later.remote(5)]
      const [ready, pending] = await wait(refs, { numReturns: 2 })
      const [none, all] = await wait(pending, { timeoutMs: 0 })
      return [ready.map((ref) => refs.indexOf(ref)), pending.map((ref) => refs.indexOf(ref)), none.length, all.length]
    })
    assert.equal(await get(outer.remote()), [[1, 2], [0], 0, 1])
  })

  test('actors’ methods and tasks call each other in turns', async () => {
    class Tree {
      async sum(depth: number): Promise<number> {
        const { actor, get, remote } = await import('gymnura')
        if (depth === 0) return 1
        class Leaf {
          value() {
            return 2
          }
        }
        const leaf = actor(Leaf).remote()
        const half = remote(async (part: { value(): unknown }[]) => {
          const { get } = await import('gymnura')
          return (await get((part[0] as unknown as { value: { remote(): ObjectRef<number> } }).value.remote())) / 2
        })
        return (await get(half.remote([leaf as never]))) + (await get(leaf.value.remote()))
      }
    }
    const tree = actor(Tree).remote()
    assert.equal(await get([tree.sum.remote(0), tree.sum.remote(1), tree.sum.remote(1)]), [1, 3, 3])
  })

  test('runtimeContext tells each of the tasks that are open in one thread who it is', async () => {
    const who = remote(async (depth: number): Promise<boolean> => {
      const { get, remote, runtimeContext } = await import('gymnura')
      const before = runtimeContext().taskId
      const child = remote(async () => {
        const { runtimeContext } = await import('gymnura')
        const before = runtimeContext().taskId
        await new Promise((resolve) => setTimeout(resolve, 1))
        return [before, runtimeContext().taskId] as const
      })
      const pairs = await get(Array.from({ length: depth }, () => child.remote()))
      const own = runtimeContext().taskId === before
      const distinct = new Set(pairs.map(([id]) => id)).size === depth && !pairs.some(([id]) => id === before)
      return own && distinct && pairs.every(([first, second]) => first === second && first !== undefined)
    })
    assert.equal(await get([who.remote(20), who.remote(20), who.remote(20)]), [true, true, true])
  })

  test.run()
}
