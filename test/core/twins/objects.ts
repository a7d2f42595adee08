/** wait, get, put, refs and errors: the twins of test/golden/core/objects.py. */
import { setTimeout as sleep } from 'node:timers/promises'
import { actor, get, ObjectRef, put, remote, TaskError, wait } from '../../../core/index.js'
import {
  after,
  type Behaviours,
  fail,
  failing,
  identity,
  linesOf,
  note,
  outcome,
  outcomeOf,
  type Signal,
  Signals,
  scratch,
  waitFor,
} from './behaviour.js'

const module = import.meta.url
const indices = (refs: readonly ObjectRef[], lists: readonly (readonly ObjectRef[])[]) =>
  lists.map((list) => list.map((ref) => refs.indexOf(ref)))

export function boom(): never {
  throw new RangeError('out of range: 7')
}

class Coded extends Error {
  constructor(
    message: string,
    readonly code: number,
  ) {
    super(message)
  }
}
export function coded(): never {
  throw new Coded('odd', 42)
}

export function downstream(_: unknown, path: string): void {
  note(path)
}

export async function outer(): Promise<void> {
  await get(failing.remote('deep inside'))
}

export async function kinds(top: number, items: ObjectRef<number>[], table: { deep: ObjectRef[] }): Promise<unknown[]> {
  return [top, items[0] instanceof ObjectRef, table.deep[0] instanceof ObjectRef, await get(items[0])]
}

export function makeRefs() {
  return [[put(5)], put(6)] as const
}

export async function late(signal: Signal, value: number[]): Promise<number[]> {
  await waitFor(signal)
  return value
}

export function change(value: number[]): number[] {
  value.push(2)
  return value
}

class Plain {
  hello(): number {
    return 1
  }
}

const caught = async (call: () => Promise<unknown>): Promise<TaskError> => {
  try {
    await call()
  } catch (error) {
    if (error instanceof TaskError) return error
  }
  throw new Error('no TaskError was thrown')
}

export const objects: Behaviours = {
  'wait gives no more ready refs than were asked for, and both lists keep the order of the input': async () => {
    const refs = [0, 1, 2, 3, 4].map((i) => put(i))
    const answers = []
    for (const numReturns of [1, 3, 5]) {
      const [ready, pending] = indices(refs, await wait(refs, { numReturns }))
      const sorted = (list: number[]) => list.every((at, i) => i === 0 || at > list[i - 1]!)
      answers.push([ready!.length, pending!.length, sorted(ready!), sorted(pending!)])
    }
    return answers
  },
  'wait that times out gives what is ready, fewer than were asked for': async () => {
    const signal = Signals.remote()
    const refs: ObjectRef[] = [after.remote(signal), put(1), after.remote(signal), put(2)]
    const answer = indices(refs, await wait(refs, { numReturns: 4, timeoutMs: 500 }))
    await get(signal.open.remote())
    await get(refs)
    return answer
  },
  'wait with a timeout of 0 gives what is there now': async () => {
    const signal = Signals.remote()
    const refs: ObjectRef[] = [after.remote(signal), put(1)]
    const answer = [
      indices(refs, await wait(refs, { numReturns: 2, timeoutMs: 0 })),
      indices(refs, await wait(refs.slice(0, 1), { timeoutMs: 0 })),
    ]
    await get(signal.open.remote())
    return answer
  },
  'a failed task counts as ready for wait, which does not throw': async () => {
    const refs = [failing.remote()]
    return indices(refs, await wait(refs, { timeoutMs: 20_000 }))
  },
  'wait refuses what makes no sense: more than there are, none, the same ref twice, no list, no refs': async () => {
    const ref = put(1)
    return [
      await outcome(() => wait([ref], { numReturns: 2 })),
      await outcome(() => wait([ref], { numReturns: 0 })),
      await outcome(() => wait([ref, ref])),
      await outcome(() => wait(ref as never)),
      await outcome(() => wait([1] as never)),
    ]
  },
  'wait for an empty list gives two empty lists': () => outcome(() => wait([])),
  'get throws after its timeout, and the value can be had later': async () => {
    const signal = Signals.remote()
    const ref = after.remote(signal, 7)
    const first = await outcome(() => get(ref, { timeoutMs: 300 }))
    const now = await outcome(() => get(ref, { timeoutMs: 0 }))
    await get(signal.open.remote())
    return [first, now, await outcomeOf(ref)]
  },
  'get of a list times out as a whole': async () => {
    const signal = Signals.remote()
    const refs: ObjectRef[] = [put(1), after.remote(signal)]
    const answer = await outcome(() => get(refs, { timeoutMs: 300 }))
    await get(signal.open.remote())
    return answer
  },
  'get of an empty list is an empty list, of one ref its value, of a list a list in its order': async () => {
    const refs = [0, 1, 2, 3].map((i) => identity.remote(i))
    return [await get([]), await get(refs[2]), await get(refs)]
  },
  'get refuses what is no ref': async () => [
    await outcome(() => get(5 as never)),
    await outcome(() => get([put(1), 5] as never)),
    await outcome(() => get(null as never)),
  ],
  'get of a list throws a failure before slower ones have ended': async () => {
    const signal = Signals.remote()
    const answer = await outcomeOf([after.remote(signal), failing.remote('early')], 20_000)
    await get(signal.open.remote())
    return answer
  },
  'of several failures get of a list throws that of the first ref': async () => {
    const refs: ObjectRef[] = [identity.remote(1), failing.remote('first'), failing.remote('second')]
    await wait(refs, { numReturns: 3 })
    return outcomeOf(refs)
  },
  'the error of a task carries what was thrown and names the function in its trace': async () => {
    const error = await caught(() => get(remote(boom, { module }).remote()))
    const stack = error.stack ?? ''
    return { cause: (error.cause as Error).message, function: stack.includes('boom'), text: stack.includes('out of range: 7') }
  },
  "properties of an error of one's own arrive with it": async () => {
    const { cause } = await caught(() => get(remote(coded, { module }).remote()))
    return [(cause as Coded).message, (cause as Coded).code]
  },
  "a task whose argument failed does not run, and get throws the argument's error": async () => {
    const path = scratch('failed_argument')
    const answer = await outcomeOf(remote(downstream, { module }).remote(failing.remote('upstream'), path))
    return [answer, linesOf(path)]
  },
  'the error of a task that a task waited for is in the error of the outer one': async () => {
    const { message, stack = '' } = await caught(() => get(remote(outer, { module }).remote()))
    return [message.includes('deep inside'), stack.includes(fail.name)]
  },
  'refs given as arguments arrive as values, refs inside of other values as refs': async () => {
    const ref = put(7)
    return get(remote(kinds, { module }).remote(ref, [ref], { deep: [ref] }))
  },
  'a task may return a ref, which get gives as a ref': async () => {
    const [[first], second] = await get(remote(makeRefs, { module }).remote())
    return [first instanceof ObjectRef, await get(first), await get(second)]
  },
  'put refuses a ref, and takes one inside of a list': async () => {
    const ref = put(1)
    return [await outcome(() => put(ref)), await get((await get(put([ref])))[0])]
  },
  'what happens to a value after put or after a call does not show': async () => {
    const value = [1]
    const ref = put(value)
    const signal = Signals.remote()
    const call = remote(late, { module }).remote(signal, value)
    value.push(2)
    await get(signal.open.remote())
    return [await get(ref), await get(call)]
  },
  'a task that changes its argument changes its own copy': async () => {
    const changing = remote(change, { module })
    const value = [1]
    const ref = put(value)
    return [await get(changing.remote(ref)), await get(changing.remote(value)), await get(ref), value]
  },
  'what was done to a value that get gave does not show in a later get': async () => {
    const ref = identity.remote([1]) as ObjectRef<number[]>
    ;(await get(ref)).push(2)
    return get(ref)
  },
  'a large array that get gave cannot be written into': async () => {
    const array = await get(put(new Float64Array(100_000)))
    return outcome(() => {
      array[0] = 1
      return 'written'
    })
  },
  'a ref whose own holder is gone lives on inside of another object': async () => {
    const outside = put([put('still here')])
    await sleep(300)
    return get((await get(outside))[0])
  },
  'remote functions and classes cannot be called directly': async () => {
    const Plains = actor(Plain)
    const handle = Plains.remote()
    return [
      await outcome(() => (identity as unknown as (x: number) => unknown)(1)),
      await outcome(() => (Plains as unknown as () => unknown)()),
      await outcome(() => (handle.hello as unknown as () => unknown)()),
      await outcome(() => (handle as unknown as { helo: typeof handle.hello }).helo.remote()),
    ]
  },
}
