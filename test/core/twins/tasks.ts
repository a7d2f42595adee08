/** Options of tasks: retries, returns, streams, cancel, resources, placement groups. The twins of test/golden/core/tasks.py. */
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { cancel, get, type ObjectRef, placementGroup, remote, resources, runtimeContext, type TaskOptions } from '../../../core/index.js'
import {
  after,
  type Behaviours,
  failing,
  identity,
  linesOf,
  note,
  outcome,
  outcomeOf,
  type Signal,
  Signals,
  scratch,
  until,
} from './behaviour.js'

const module = import.meta.url

export function crash(path: string): void {
  note(path)
  process.exit(1)
}

export function throwUntil(path: string, untilRun = Infinity): string {
  if (note(path) < untilRun) throw new RangeError('thrown')
  return 'done'
}

export function three(): number[] {
  return [1, 2, 3]
}

export function* count(n: number, failAt = -1): Generator<number> {
  for (let i = 0; i < n; i++) {
    if (i === failAt) throw new RangeError(`no ${i}`)
    yield i
  }
}

export async function fib(n: number): Promise<number> {
  if (n < 2) return n
  const again = remote(fib, { module })
  const [a, b] = await get([again.remote(n - 1), again.remote(n - 2)])
  return a + b
}

export async function meet(arrived: string, stop: string): Promise<void> {
  note(arrived)
  while (!existsSync(stop)) await sleep(20)
}

export async function inner(): Promise<string> {
  return 'both'
}
export async function waitsForInner(): Promise<string> {
  return get(remote(inner, { module, numCpus: 2 }).remote())
}

export async function gpuIds(signal: Signal, others: number): Promise<readonly number[]> {
  await get(signal.arrive.remote())
  while ((await get(signal.arrivals.remote())) < others) await sleep(20)
  return runtimeContext().gpuIds
}

export function noted(path: string, _: unknown): void {
  note(path)
}

/** Listens to the signal, as a loop in Python is interrupted. */
export async function listen(path: string): Promise<void> {
  note(path)
  await sleep(60_000, undefined, { signal: runtimeContext().signal })
}

export function deaf(path: string): void {
  note(path)
  for (;;);
}

export async function child(path: string): Promise<void> {
  note(path)
  await sleep(1000, undefined, { signal: runtimeContext().signal })
  note(`${path}-end`)
}
export async function parent(path: string): Promise<void> {
  await get(remote(child, { module }).remote(path))
  runtimeContext().signal.throwIfAborted()
}

const throwing = remote(throwUntil, { module })
const crashing = remote(crash, { module })
const numbers = remote(count, { module, numCpus: 0 })
const threes = remote(three, { module })

/** Whether so many tasks run at the same time; `seconds`: how long they are waited for. */
async function together(n: number, options: TaskOptions = {}, seconds = 10): Promise<boolean> {
  // They meet in files: a task that waits in `get` gives its CPU back.
  const [stop, arrived] = [scratch(`stop-${JSON.stringify(options)}-${n}`), scratch(`arrived-${JSON.stringify(options)}-${n}`)]
  const meeting = remote(meet, { module }).options(options)
  const refs = Array.from({ length: n }, () => meeting.remote(arrived, stop))
  const met = await until(() => linesOf(arrived) === n, seconds)
  writeFileSync(stop, '')
  await get(refs)
  return met
}

async function collect(stream: AsyncIterable<ObjectRef>): Promise<unknown[]> {
  const answers = []
  for await (const ref of stream) answers.push(await outcomeOf(ref))
  return answers
}

const freeCpus = async () => (await resources()).available.numCpus

/** Whether a group finds room in time. */
const made = async (group: ReturnType<typeof placementGroup>, timeoutMs = 20_000): Promise<unknown> =>
  outcome(() => group.ready({ timeoutMs }).then(() => true)).then((answer) => (answer === 'timeout' ? false : answer))

export const tasks: Behaviours = {
  'a task whose worker dies is run again max_retries times, then get throws': async () => {
    const answers = []
    for (const most of [0, 2]) {
      const path = scratch(`retries-${most}`)
      answers.push([await outcomeOf(crashing.options({ maxRetries: most }).remote(path), 60_000), linesOf(path)])
    }
    return answers
  },
  'a task that throws is not run again': async () => {
    const path = scratch('no_retry')
    return [await outcomeOf(throwing.remote(path)), linesOf(path)]
  },
  'with retry_exceptions a task that throws is run again max_retries times': async () => {
    const path = scratch('retry_exceptions')
    return [await outcomeOf(throwing.options({ maxRetries: 2, retryExceptions: true }).remote(path)), linesOf(path)]
  },
  'a task is run again until it succeeds': async () => {
    const path = scratch('retry_success')
    return [await outcomeOf(throwing.options({ maxRetries: 5, retryExceptions: true }).remote(path, 3)), linesOf(path)]
  },
  'retry_exceptions as a list tells the classes of errors that are tried again': async () => {
    const answers = []
    for (const [name, type] of Object.entries({ same: RangeError, other: SyntaxError })) {
      const path = scratch(`retry_classes-${name}`)
      answers.push([await outcomeOf(throwing.options({ maxRetries: 1, retryExceptions: [type] }).remote(path)), linesOf(path)])
    }
    return answers
  },
  'num_returns gives so many refs: none, or a list': async () => {
    const none = threes.options({ numReturns: 0 }).remote()
    return [none === undefined, await get(threes.options({ numReturns: 3 }).remote()), await get(threes.remote())]
  },
  'a task that returns another number of values than num_returns fails, for every ref': async () => {
    const refs = threes.options({ numReturns: 2, maxRetries: 0 }).remote() as ObjectRef[]
    const answers = []
    for (const ref of refs) answers.push([1, 2, 3, 'timeout'].includes((await outcomeOf(ref)) as number))
    return answers
  },
  'every ref of a task that throws throws': async () => {
    const refs = failing.options({ numReturns: 2 }).remote('both') as unknown as ObjectRef[]
    return [await outcomeOf(refs[0]), await outcomeOf(refs[1])]
  },
  'a stream gives its values in order, one ref each': () => collect(numbers.options({ numReturns: 'streaming' }).remote(4)),
  'a stream that throws gives what came before, then a ref that throws, then ends': () =>
    collect(numbers.options({ numReturns: 'streaming', maxRetries: 0 }).remote(4, 2)),
  'a generator function is a stream without being told': async () => {
    const made = numbers.remote(3)
    return outcome(() => (Symbol.asyncIterator in made ? collect(made as unknown as AsyncIterable<ObjectRef>) : get(made)))
  },
  'tasks nest on fewer CPUs than there are levels': () => get(remote(fib, { module }).remote(5)),
  'bad options of a task are refused': async () => {
    const given: readonly [string, unknown][] = [
      ['numCpu', 1],
      ['numCpus', -1],
      ['numCpus', 'two'],
      ['numGpus', -0.5],
      ['numGpus', 1.5],
      ['maxRetries', -2],
      ['numReturns', -1],
      ['numReturns', 'stream'],
      ['resources', { CPU: 1 }],
      ['resources', [1]],
      ['resources', { camera: -1 }],
      ['retryExceptions', 3],
      ['name', 5],
    ]
    const answers = []
    for (const [name, value] of given) answers.push(await outcome(() => Boolean(identity.options({ [name]: value }).remote(1))))
    return answers
  },
  'max_retries of -1 is taken: always': () =>
    outcomeOf(throwing.options({ maxRetries: -1, retryExceptions: true }).remote(scratch('retry_always'), 6)),
  'as many tasks run at once as there are CPUs, and more where each takes a part of one': async () => [
    await together(2),
    await together(3, {}, 2),
    await together(4, { numCpus: 0.5 }),
    await together(3, { numCpus: 0 }),
  ],
  'a custom resource limits how many run at once': async () => [
    await together(2, { numCpus: 0.1, resources: { camera: 1 } }, 2),
    await together(2, { numCpus: 0.1, resources: { camera: 0.5 } }),
  ],
  'a task that waits in get gives its CPU to others': () => outcomeOf(remote(waitsForInner, { module, numCpus: 2 }).remote()),
  "whole GPUs are one's own, parts of one are shared, and a task without has none": async () => {
    const asking = remote(gpuIds, { module, numCpus: 0 })
    const [first, second] = [Signals.remote(), Signals.remote()]
    const alone = await get([1, 2].map(() => asking.options({ numGpus: 1 }).remote(first, 2)))
    const shared = await get([1, 2].map(() => asking.options({ numGpus: 0.5 }).remote(second, 2)))
    const both = await get(asking.options({ numGpus: 2 }).remote(Signals.remote(), 1))
    const none = await get(asking.remote(Signals.remote(), 1))
    return {
      whole: [alone[0].length, alone[0][0] !== alone[1][0]],
      parts: [shared[0].length, shared[0][0] === shared[1][0]],
      two: both.length,
      none: none.length,
    }
  },
  'a task that asks for more than there can ever be': () =>
    outcome(() => get(identity.options({ numCpus: 64 }).remote(1), { timeoutMs: 2000 })),
  'cancel takes a task out that waits, and it never runs': async () => {
    const path = scratch('cancel_queued')
    const signal = Signals.remote()
    const ref = remote(noted, { module }).remote(path, after.remote(signal))
    await cancel(ref)
    const answer = await outcomeOf(ref)
    await get(signal.open.remote())
    await sleep(300)
    return [answer, linesOf(path)]
  },
  'cancel stops a task that runs and listens, and it is not tried again': async () => {
    const path = scratch('cancel_running')
    const ref = remote(listen, { module, maxRetries: 3 }).remote(path)
    await until(() => linesOf(path) === 1)
    await cancel(ref)
    return [await outcomeOf(ref), linesOf(path)]
  },
  'cancel with force ends a task that does not listen': async () => {
    const path = scratch('cancel_force')
    const ref = remote(deaf, { module }).remote(path)
    await until(() => linesOf(path) === 1)
    await cancel(ref, { force: true })
    return [await outcomeOf(ref), linesOf(path)]
  },
  'cancel of a task that is over changes nothing': async () => {
    const ref = identity.remote(7)
    await get(ref)
    await cancel(ref)
    await cancel(ref, { force: true })
    return outcomeOf(ref)
  },
  'cancel reaches the tasks that a task has started, unless it is told not to': async () => {
    const answers = []
    for (const recursive of [true, false]) {
      const path = scratch(`cancel_recursive-${recursive}`)
      const ref = remote(parent, { module }).remote(path)
      await until(() => linesOf(path) === 1)
      await cancel(ref, { recursive })
      const answer = await outcomeOf(ref)
      answers.push([answer, await until(() => linesOf(`${path}-end`) === 1, 3)])
    }
    return answers
  },
  'cancel refuses what is no ref': () => outcome(() => cancel(5 as never)),
  'a placement group sets resources aside until it is removed': async () => {
    await until(async () => (await freeCpus()) === 2)
    const group = placementGroup([{ numCpus: 1 }, { numCpus: 1, resources: { camera: 1 } }], { strategy: 'SPREAD' })
    const ready = await made(group)
    const setAside = await until(async () => (await freeCpus()) === 0)
    const value = await get(identity.options({ numCpus: 1, placementGroup: group, bundleIndex: 1 }).remote(3), { timeoutMs: 20_000 })
    await group.remove()
    return [ready, setAside, value, await until(async () => (await freeCpus()) === 2)]
  },
  'a placement group waits for room, and is made when another is removed': async () => {
    const [first, second] = [placementGroup([{ numCpus: 2 }]), placementGroup([{ numCpus: 1 }])]
    const answers = [await made(first), await made(second, 1000)]
    await first.remove()
    answers.push(await made(second))
    await second.remove()
    return answers
  },
  'the strategies on one machine: all but STRICT_SPREAD of two bundles find room': async () => {
    const answers: Record<string, unknown> = {}
    for (const strategy of ['PACK', 'SPREAD', 'STRICT_PACK', 'STRICT_SPREAD'] as const) {
      const group = placementGroup([{ numCpus: 1 }, { numCpus: 1 }], { strategy })
      answers[strategy] = await made(group, strategy === 'STRICT_SPREAD' ? 1000 : 20_000)
      await group.remove()
    }
    return answers
  },
  'bad placement groups are refused': async () => {
    const answers = []
    for (const given of [[[]], [[{}]], [[{ numCpus: 0 }]], [[{ numCpus: -1 }]], ['CPU'], [[{ numCpus: 1 }], { strategy: 'PAK' }], [[5]]])
      answers.push(await outcome(() => Boolean(placementGroup(...(given as Parameters<typeof placementGroup>)))))
    return answers
  },
  'a bundle that the group does not have is refused': async () => {
    const group = placementGroup([{ numCpus: 1 }])
    await made(group)
    const answers = []
    for (const bundleIndex of [1, -2])
      answers.push(await outcome(() => Boolean(identity.options({ placementGroup: group, bundleIndex }).remote(1))))
    await group.remove()
    return answers
  },
  'removing a placement group ends the tasks that run in it': async () => {
    const group = placementGroup([{ numCpus: 1 }])
    await made(group)
    const path = scratch('remove_running')
    const ref = remote(listen, { module, maxRetries: 0, numCpus: 1, placementGroup: group }).remote(path)
    await until(() => linesOf(path) === 1)
    await group.remove()
    return (await outcomeOf(ref)) !== undefined
  },
  'a task that asks for more than any bundle holds is refused or fails': async () => {
    const group = placementGroup([{ numCpus: 1 }])
    await made(group)
    const answer = await outcome(() => get(identity.options({ numCpus: 2, placementGroup: group }).remote(1), { timeoutMs: 2000 }))
    await group.remove()
    return answer !== 1 && answer !== 'timeout'
  },
}
