import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GymnuraError, ResourcesUnavailableError } from '../../core/api/errors.js'
import type { Allocation } from '../../core/scheduler/capacity.js'
import { type Demand, demandOf, type ResourceOptions, sumOf } from '../../core/scheduler/demand.js'
import { PlacementGroupTable, type Strategy } from '../../core/scheduler/placement-groups.js'
import { Ledger } from '../../core/scheduler/resources.js'
import { rejection } from './expect.js'

const demand = (options: ResourceOptions) => demandOf('bundle', options, 0)

function runtime(totals: { numCpus?: number; gpuIds?: number[] | (() => number[]); resources?: Record<string, number> } = {}) {
  const ledger = new Ledger({ numCpus: 4, gpuIds: [], resources: {}, ...totals })
  const table = new PlacementGroupTable(ledger)
  let ids = 0
  const create = (bundles: ResourceOptions[], strategy: Strategy = 'PACK', name?: string) => {
    table.create(++ids, bundles.map(demand), strategy, name)
    return ids
  }
  return { ledger, table, create }
}

const cpu = { numCpus: 1 }

test('a group takes all its bundles at once, and tasks find their resources in it', async () => {
  const { ledger, table, create } = runtime({ resources: { camera: 1 } })
  const group = create([cpu, { numCpus: 2, resources: { camera: 1 } }])
  await table.ready(group)
  assert.equal(ledger.available(), { numCpus: 1, numGpus: 0, camera: 0 })
  assert.is(ledger.acquire(demand({ resources: { camera: 1 } })), undefined, 'what lies in a bundle is not for others')
  const task = ledger.acquire(demand({ numCpus: 2, resources: { camera: 1 } }), { group, bundleIndex: 1 })!
  assert.equal(ledger.available(), { numCpus: 1, numGpus: 0, camera: 0 })
  assert.is(ledger.acquire(demand(cpu), { group, bundleIndex: 1 }), undefined)
  ledger.release(task)
  assert.ok(ledger.acquire(demand(cpu), { group, bundleIndex: 1 }))
})

test('without an index any bundle with room will do', async () => {
  const { ledger, create } = runtime()
  const group = create([cpu, cpu])
  assert.ok(ledger.acquire(demand(cpu), { group }))
  assert.ok(ledger.acquire(demand(cpu), { group, bundleIndex: -1 }))
  assert.is(ledger.acquire(demand(cpu), { group }), undefined)
  assert.is(ledger.missingCpus(demand(cpu), { group }), 1)
  assert.is(ledger.acquire(demand(cpu), { group, bundleIndex: 2 }), undefined)
})

test('a group without room takes nothing and waits until all of it is free', async () => {
  const { ledger, table, create } = runtime()
  const threads = [ledger.acquire(demand({ numCpus: 2 }))!, ledger.acquire(demand({ numCpus: 1 }))!]
  const group = create([cpu, cpu, cpu])
  const ready = table.ready(group)
  assert.is(ledger.available().numCpus, 1)
  assert.is(table.missingCpus(), 2)
  assert.is(ledger.acquire(demand(cpu), { group }), undefined)
  assert.is(ledger.whyNever(demand(cpu), { group }), undefined, 'its tasks wait with it')
  ledger.release(threads[1]!)
  assert.is(table.retry(), false)
  assert.is(ledger.available().numCpus, 2)
  ledger.release(threads[0]!)
  assert.is(table.retry(), true)
  await ready
  assert.is(table.missingCpus(), 0)
  assert.is(ledger.available().numCpus, 1)
})

test('the oldest waiting group is served first, and one without room does not hold up the next', async () => {
  const { ledger, table, create } = runtime({ numCpus: 2 })
  const thread = ledger.acquire(demand({ numCpus: 2 }))!
  const [large, first, second] = [create([{ numCpus: 2 }]), create([cpu]), create([cpu])]
  const order: string[] = []
  const told = [
    table.ready(large).then(() => order.push('large')),
    table.ready(first).then(() => order.push('first')),
    table.ready(second).then(() => order.push('second')),
  ]
  ledger.release(thread)
  const one = ledger.acquire(demand(cpu))!
  table.retry()
  await told[1]
  assert.equal(order, ['first'])
  table.remove(first)
  ledger.release(one)
  table.retry()
  await told[0]
  assert.equal(order, ['first', 'large'])
  table.remove(large)
  table.retry()
  await told[2]
})

test('a group that lacks only CPUs of idle workers is not overtaken while they come one by one', async () => {
  const ledger = new Ledger({ numCpus: 2, gpuIds: [], resources: {} })
  let idle = 2
  const table = new PlacementGroupTable(ledger, () => idle)
  const workers = [ledger.acquire(demand(cpu))!, ledger.acquire(demand(cpu))!]
  table.create(1, [demand({ numCpus: 2 })], 'PACK')
  table.create(2, [demand(cpu)], 'PACK')
  for (const worker of workers) {
    ledger.release(worker)
    idle--
    table.retry()
  }
  await table.ready(1)
  assert.is(ledger.available().numCpus, 0)
  table.remove(1)
  table.retry()
  await table.ready(2)
})

test('missing CPUs are those of the oldest group that lacks nothing else', () => {
  const { ledger, table, create } = runtime({ numCpus: 3, resources: { camera: 1 } })
  ledger.acquire(demand({ numCpus: 3, resources: { camera: 1 } }))
  create([{ numCpus: 1, resources: { camera: 1 } }])
  assert.is(table.missingCpus(), 0)
  create([cpu, cpu])
  create([cpu])
  assert.is(table.missingCpus(), 2)
})

test('missing CPUs are told also where the parts of GPUs find room on different ones', () => {
  const { ledger, table, create } = runtime({ gpuIds: [0, 1] })
  const first = ledger.acquire(demand({ numCpus: 3, numGpus: 0.3 }))!
  create([0.6, 0.6].map((numGpus) => ({ numCpus: 1, numGpus })))
  assert.is(table.missingCpus(), 1)
  assert.equal(ledger.available(), { numCpus: 1, numGpus: 1.7 })
  ledger.acquire(demand({ numGpus: 0.5 }))
  assert.is(table.missingCpus(), 0)
  ledger.release(first)
})

test('a removed group gives back what is free at once, and what is held when its holder is released', () => {
  const { ledger, table, create } = runtime({ gpuIds: [0, 1], resources: { camera: 2 } })
  const group = create([{ numCpus: 2, numGpus: 1, resources: { camera: 2 } }, cpu])
  const half = demand({ numCpus: 1, numGpus: 0.5, resources: { camera: 0.5 } })
  const running = ledger.acquire(half, { group })!
  const waiting = ledger.acquire(demand(cpu), { group, bundleIndex: 1 })!
  ledger.releaseCpus(waiting)
  assert.equal(table.remove(group), [running, waiting])
  assert.equal(ledger.available(), { numCpus: 3, numGpus: 1.5, camera: 1.5 })
  assert.is(ledger.acquire(half, { group }), undefined)
  assert.is(ledger.whyNever(half, { group }), 'belongs in a placement group that was removed')
  ledger.reacquireCpus(waiting)
  assert.is(ledger.available().numCpus, 2)
  ledger.release(waiting)
  ledger.release(running)
  ledger.release(running)
  assert.equal(ledger.available(), ledger.totals())
  assert.equal(table.remove(group), [])
})

test('a group that was removed while it waited is never made', () => {
  const { ledger, table, create } = runtime()
  const threads = ledger.acquire(demand({ numCpus: 4 }))!
  table.remove(create([cpu]))
  ledger.release(threads)
  assert.is(table.retry(), false)
  assert.equal(ledger.available(), ledger.totals())
})

test('who waits for a group hears that it was removed or that the runtime ended', async () => {
  const { ledger, table, create } = runtime()
  ledger.acquire(demand(cpu))
  const [removed, open] = [create([{ numCpus: 4 }], 'PACK', 'rollouts'), create([{ numCpus: 4 }])]
  const failures = [rejection(table.ready(removed)), rejection(table.ready(open))]
  table.remove(removed)
  assert.match((await failures[0]!).message, /^placement group 'rollouts' was removed before there was room for it$/)
  assert.instance(await failures[0], ResourcesUnavailableError)
  assert.instance(await rejection(table.ready(removed)), ResourcesUnavailableError)
  const end = new GymnuraError('ERR_SHUTDOWN', 'shut down')
  table.close(end)
  assert.is(await failures[1], end)
})

test('a group that can never be had says what it asks for and what there is', async () => {
  const { ledger, table, create } = runtime({ gpuIds: [0, 1] })
  const why = async (bundles: ResourceOptions[], strategy?: Strategy) => {
    const group = create(bundles, strategy, 'g')
    assert.match(ledger.whyNever(demand(cpu), { group })!, /^belongs in placement group 'g', which asks for/)
    assert.is(ledger.acquire(demand(cpu), { group }), undefined)
    const error = await rejection(table.ready(group))
    assert.instance(error, ResourcesUnavailableError)
    table.remove(group)
    return error.message
  }
  assert.is(
    await why([{ numCpus: 3 }, { numCpus: 2, resources: { camera: 1 } }]),
    "placement group 'g' asks for 5 CPUs and 1 of 'camera' in 2 bundles, but the runtime has 4 CPUs and 0 of 'camera' in total; ask for less, or give init() more",
  )
  assert.match(await why([cpu, cpu], 'STRICT_SPREAD'), /asks for 2 bundles on a machine each \(STRICT_SPREAD\)/)
  const part = { numGpus: 0.6, numCpus: 1 }
  assert.match(await why([part, part, part]), /a bundle's part of a GPU must lie on one/)
  assert.equal(ledger.available(), ledger.totals())
})

test('one machine has room for one bundle of STRICT_SPREAD, and for any number of the other strategies', async () => {
  const { table, create } = runtime()
  await table.ready(create([cpu], 'STRICT_SPREAD'))
  for (const strategy of ['PACK', 'SPREAD', 'STRICT_PACK'] as const) {
    const group = create([cpu, cpu], strategy)
    await table.ready(group)
    table.remove(group)
  }
})

test('a demand that no bundle can ever hold is told with what the bundles hold', () => {
  const { ledger, create } = runtime({ gpuIds: [0] })
  const group = create([cpu, { numGpus: 0.5 }], 'PACK', 'g')
  const why = (options: ResourceOptions, bundleIndex?: number) => ledger.whyNever(demand(options), { group, bundleIndex })
  assert.is(why(cpu), undefined)
  assert.is(why({ numGpus: 0.5 }, 1), undefined)
  assert.match(
    why({ numCpus: 1, numGpus: 0.5 })!,
    /^asks for 1 CPU and 0\.5 GPUs, but no bundle of placement group 'g' holds that \(1 CPU; 0\.5 GPUs\)/,
  )
  assert.match(why({ numGpus: 1 }, 1)!, /^asks for 1 GPU, but bundle 1 of placement group 'g' does not hold that \(0\.5 GPUs\)/)
  assert.is(why(cpu, 2), "belongs in bundle 2 of placement group 'g', which has only 2 bundles")
})

test("a bundle's GPUs stay the same, and its tasks share them", () => {
  const { ledger, create } = runtime({ gpuIds: [4, 5, 6] })
  const group = create([{ numGpus: 0.4 }, { numGpus: 2 }])
  const ids = (numGpus: number, bundleIndex: number) => ledger.acquire(demand({ numGpus }), { group, bundleIndex })?.gpuIds
  assert.equal(ids(0.3, 0), [6])
  assert.equal(ids(0.1, 0), [6])
  assert.is(ids(0.1, 0), undefined)
  assert.equal(ids(0.5, 1), [4])
  assert.equal(ids(1, 1), [5])
  assert.is(ids(1, 1), undefined)
  assert.equal(ledger.acquire(demand({ numGpus: 0.6 }))?.gpuIds, [6])
})

test('bundles of parts of GPUs are packed well enough whatever their order', async () => {
  const { table, create } = runtime({ gpuIds: [0, 1] })
  await table.ready(create([0.3, 0.3, 0.7, 0.7].map((numGpus) => ({ numGpus }))))
})

test('groups without GPUs do not make the runtime look for GPUs', () => {
  const { ledger, table, create } = runtime({ gpuIds: () => assert.unreachable() as never })
  const group = create([cpu, { numCpus: 3 }])
  create([{ numCpus: 5 }])
  create([{ numCpus: 2 }])
  ledger.acquire(demand(cpu), { group })
  table.remove(group)
  table.retry()
})

/** The machine of the property below, and a plain model of who holds what. */
function modelled() {
  const { ledger, table, create } = runtime({ numCpus: 4, gpuIds: [0, 1, 2], resources: { camera: 2 } })
  interface Held {
    allocation: Allocation
    demand: Demand
    /** 0: the machine. */
    group: number
    lent: boolean
  }
  let held: Held[] = []
  const groups = new Map<number, { bundles: Demand[]; made: boolean }>()

  const expected = () => {
    const ofMachine = [...held.filter((one) => one.group === 0).map((one) => (one.lent ? { ...one.demand, cpus: 0 } : one.demand))]
    const used = sumOf([...ofMachine, ...[...groups.values()].flatMap((group) => (group.made ? group.bundles : []))])
    return { cpus: 40_000 - used.cpus, gpus: 30_000 - used.gpus, camera: 20_000 - (used.custom.camera ?? 0) }
  }
  const check = () => {
    const { cpus, gpus, camera } = expected()
    assert.ok(gpus >= 0 && camera >= 0, 'more is held than there is')
    assert.equal(ledger.available(), { numCpus: Math.max(0, cpus) / 10_000, numGpus: gpus / 10_000, camera: camera / 10_000 })
    for (const id of [0, 1, 2]) {
      const shares = held.filter((one) => one.allocation.gpuIds.includes(id)).map((one) => Math.min(10_000, one.demand.gpus))
      assert.ok(shares.reduce((sum, share) => sum + share, 0) <= 10_000, 'a GPU is given out more than once')
    }
  }
  const checkGroups = () => {
    for (const [id, { bundles }] of groups) {
      const inside = sumOf(held.filter((one) => one.group === id).map((one) => one.demand))
      const whole = sumOf(bundles)
      assert.ok(inside.gpus <= whole.gpus && (inside.custom.camera ?? 0) <= (whole.custom.camera ?? 0), 'a group gives more than it has')
    }
  }
  const madeNow = (bundles: Demand[]) => {
    const { cpus, gpus, camera } = expected()
    const asked = sumOf(bundles)
    return (asked.cpus === 0 || asked.cpus <= cpus) && asked.gpus <= gpus && (asked.custom.camera ?? 0) <= camera
  }
  const learnWhatWasMade = () => {
    for (const [id, group] of groups) {
      if (group.made || ledger.groups.get(id)!.bundles === undefined) continue
      assert.ok(madeNow(group.bundles), 'a group was made without room')
      group.made = true
    }
  }
  const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(1, list.length)]
  return {
    acquire(demand: Demand, at: number, bundleIndex: number) {
      // The machine, or one of the groups.
      const group = pick([0, ...groups.keys()], at)!
      const room = madeNow([demand])
      const allocation = ledger.acquire(demand, group === 0 ? undefined : { group, bundleIndex })
      if (group === 0 && demand.gpus === 0) assert.is(allocation !== undefined, room)
      if (allocation !== undefined) held.push({ allocation, demand, group, lent: false })
    },
    release(at: number) {
      const one = pick(held, at)
      if (one === undefined) return
      ledger.release(one.allocation)
      held = held.filter((other) => other !== one)
    },
    lend(at: number) {
      const one = pick(held, at)
      if (one === undefined) return
      if (one.lent) ledger.reacquireCpus(one.allocation)
      else ledger.releaseCpus(one.allocation)
      one.lent = !one.lent
    },
    create(bundles: Demand[]) {
      const options = bundles.map(({ cpus, gpus, custom }) => ({
        numCpus: cpus / 10_000,
        numGpus: gpus / 10_000,
        resources: { camera: (custom.camera ?? 0) / 10_000 },
      }))
      groups.set(create(options), { bundles, made: false })
      learnWhatWasMade()
    },
    remove(at: number) {
      const id = pick([...groups.keys()], at)
      if (id === undefined) return
      const own = held.filter((one) => one.group === id)
      assert.equal(new Set(table.remove(id)), new Set(own.map((one) => one.allocation)))
      for (const one of own) one.group = 0
      groups.delete(id)
    },
    retry() {
      table.retry()
      learnWhatWasMade()
    },
    check() {
      check()
      checkGroups()
    },
    end() {
      while (groups.size > 0) this.remove(0)
      while (held.length > 0) this.release(held.length - 1)
      assert.equal(ledger.available(), ledger.totals())
      assert.equal(ledger.acquire(demand({ numCpus: 4, numGpus: 3, resources: { camera: 2 } }))?.gpuIds, [0, 1, 2])
    },
  }
}

test('whatever is taken, lent, made and removed in whatever order, the books are right and all comes back', () => {
  const demands = fc
    .record({
      numCpus: fc.constantFrom(0, 0.1, 0.5, 1, 2),
      numGpus: fc.constantFrom(0, 0, 0, 0.1, 0.3, 0.7, 1, 2),
      resources: fc.constantFrom<Record<string, number>[]>({}, {}, { camera: 0.1 }, { camera: 1 }),
    })
    .map(demand)
  const at = fc.nat(50)
  const bundles = fc.array(demands, { minLength: 1, maxLength: 3 })
  const steps = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('acquire' as const), demands, at, fc.integer({ min: -1, max: 2 })) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('release' as const), at) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('lend' as const), at) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('create' as const), bundles) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('remove' as const), at) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('retry' as const)) },
  )
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 60 }), (all) => {
      const model = modelled()
      for (const step of all) {
        if (step[0] === 'acquire') model.acquire(step[1], step[2], step[3])
        else if (step[0] === 'create') model.create(step[1])
        else if (step[0] === 'retry') model.retry()
        else model[step[0]](step[1])
        model.check()
      }
      model.end()
    }),
    { numRuns: 500 },
  )
})

test.run()
