import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { demandOf, type ResourceOptions } from '../../core/scheduler/demand.js'
import { Ledger } from '../../core/scheduler/resources.js'

const demand = (options: ResourceOptions) => demandOf('task', options, 0)
const machine = () => new Ledger({ numCpus: 4, gpuIds: [0, 1, 2], resources: { camera: 2 } })

function hold(ledger: Ledger, options: ResourceOptions) {
  const allocation = ledger.acquire(demand(options))
  if (allocation === undefined) throw new Error(`no room for ${JSON.stringify(options)}`)
  return allocation
}

function refused(options: object, why: RegExp): void {
  assert.throws(
    () => demandOf('rollout', options, 1),
    (error: Error & { code?: string }) => error.code === 'ERR_INVALID_ARGUMENT' && why.test(error.message),
  )
}

test('ten holders of a tenth fill one CPU, one GPU and one custom resource exactly', () => {
  const ledger = new Ledger({ numCpus: 1, gpuIds: [7], resources: { camera: 1 } })
  const tenth = demand({ numCpus: 0.1, numGpus: 0.1, resources: { camera: 0.1 } })
  const held = Array.from({ length: 10 }, () => ledger.acquire(tenth)!)
  assert.equal(ledger.available(), { numCpus: 0, numGpus: 0, camera: 0 })
  for (const resource of [{ numCpus: 0.0001 }, { numGpus: 0.0001 }, { resources: { camera: 0.0001 } }])
    assert.is(ledger.acquire(demand(resource)), undefined)
  for (const allocation of held) ledger.release(allocation)
  assert.equal(ledger.available(), ledger.totals())
})

test('n holders of an n-th fit into one, and no more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), (n) => {
      const ledger = new Ledger({ numCpus: 1, gpuIds: [], resources: {} })
      const part = demand({ numCpus: 1 / n })
      for (let i = 0; i < n; i++) assert.ok(ledger.acquire(part))
      assert.is(ledger.acquire(part), undefined)
    }),
  )
})

test('decimal amounts keep their four decimals whatever floating point makes of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 9 }), (tenThousandths) => {
      assert.is(demand({ numCpus: tenThousandths / 10_000 }).cpus, tenThousandths)
    }),
  )
  assert.is(demand({ numCpus: 0.1 + 0.2 }).cpus, 3000)
  assert.is(demand({ numCpus: 0.1 * 3 * 10 }).cpus, 30_000)
})

test('an acquisition takes everything or nothing', () => {
  const ledger = machine()
  const each: ResourceOptions[] = [
    { numCpus: 1, numGpus: 1, resources: { camera: 3 } },
    { numCpus: 1, numGpus: 4, resources: { camera: 1 } },
    { numCpus: 5, numGpus: 1, resources: { camera: 1 } },
    { numCpus: 1, resources: { robot: 1 } },
  ]
  for (const options of each) {
    assert.is(ledger.acquire(demand(options)), undefined)
    assert.equal(ledger.available(), { numCpus: 4, numGpus: 3, camera: 2 })
  }
})

test('parts of GPUs are put together on the fullest with room, so that others stay whole', () => {
  const ledger = machine()
  assert.equal(hold(ledger, { numGpus: 0.3 }).gpuIds, [0])
  assert.equal(hold(ledger, { numGpus: 0.8 }).gpuIds, [1])
  assert.equal(hold(ledger, { numGpus: 0.2 }).gpuIds, [1])
  assert.equal(hold(ledger, { numGpus: 0.6 }).gpuIds, [0])
  assert.equal(hold(ledger, { numGpus: 1 }).gpuIds, [2])
  assert.is(ledger.acquire(demand({ numGpus: 0.2 })), undefined, 'a part lies on one GPU')
})

test('whole GPUs are those that nobody uses', () => {
  const ledger = machine()
  const part = hold(ledger, { numGpus: 0.5 })
  assert.equal(hold(ledger, { numGpus: 2 }).gpuIds, [1, 2])
  assert.is(ledger.acquire(demand({ numGpus: 1 })), undefined)
  ledger.release(part)
  assert.equal(hold(ledger, { numGpus: 1 }).gpuIds, [0])
})

test('who waits gives its CPUs back, keeps the rest, and takes them again without waiting', () => {
  const ledger = machine()
  const waiting = hold(ledger, { numCpus: 4, numGpus: 1, resources: { camera: 1 } })
  ledger.releaseCpus(waiting)
  ledger.releaseCpus(waiting)
  assert.equal(ledger.available(), { numCpus: 4, numGpus: 2, camera: 1 })
  const child = hold(ledger, { numCpus: 3 })
  ledger.reacquireCpus(waiting)
  ledger.reacquireCpus(waiting)
  assert.is(ledger.available().numCpus, 0)
  assert.is(ledger.missingCpus(demand({ numCpus: 1 })), 4, 'seven of four are held')
  assert.ok(ledger.acquire(demand({ numGpus: 1 })), 'what needs no CPU does not wait for one')
  ledger.release(child)
  ledger.release(waiting)
  assert.is(ledger.available().numCpus, 4)
})

test('who is released while it waits gives nothing twice', () => {
  const ledger = machine()
  const waiting = hold(ledger, { numCpus: 2 })
  ledger.releaseCpus(waiting)
  ledger.release(waiting)
  ledger.reacquireCpus(waiting)
  ledger.releaseCpus(waiting)
  ledger.release(waiting)
  const over = hold(ledger, { numCpus: 2 })
  ledger.release(over)
  ledger.releaseCpus(over)
  assert.is(ledger.missingCpus(demand({ numCpus: 5 })), 1)
  assert.equal(ledger.available(), ledger.totals())
})

test('missing CPUs are told only where nothing else is missing', () => {
  const ledger = machine()
  const threads = hold(ledger, { numCpus: 3 })
  assert.is(ledger.missingCpus(demand({ numCpus: 1 })), 0)
  assert.is(ledger.missingCpus(demand({ numCpus: 2.5 })), 1.5)
  assert.is(ledger.missingCpus(demand({ numCpus: 2, numGpus: 1 })), 1)
  hold(ledger, { numGpus: 3 })
  assert.is(ledger.missingCpus(demand({ numCpus: 2, numGpus: 1 })), 0)
  assert.is(ledger.missingCpus(demand({ numCpus: 2, resources: { camera: 3 } })), 0)
  ledger.release(threads)
})

test('what can never be had is told in one sentence with what is asked and what there is', () => {
  const ledger = machine()
  assert.is(ledger.whyNever(demand({ numCpus: 4, numGpus: 3, resources: { camera: 2 } })), undefined)
  hold(ledger, { numCpus: 4 })
  assert.is(ledger.whyNever(demand({ numCpus: 4 })), undefined, 'what is held comes back')
  assert.is(
    ledger.whyNever(demand({ numCpus: 1, numGpus: 0.5, resources: { robot: 2 } })),
    "asks for 1 CPU, 0.5 GPUs and 2 of 'robot', but the runtime has 4 CPUs, 3 GPUs and 0 of 'robot' in total; ask for less, or give init() more",
  )
  assert.match(ledger.whyNever(demand({ numGpus: 4 }))!, /^asks for 4 GPUs, but the runtime has 3 GPUs in total/)
})

test('GPUs are looked for when one is first asked for, and once', () => {
  let looked = 0
  const gpuIds = () => {
    looked++
    return [5]
  }
  const ledger = new Ledger({ numCpus: 2, gpuIds, resources: { camera: 1 } })
  const cpus = demand({ numCpus: 1, resources: { camera: 1 } })
  ledger.release(ledger.acquire(cpus)!)
  assert.is(ledger.whyNever(demand({ numCpus: 3 }))?.includes('GPU'), false)
  assert.is(ledger.missingCpus(cpus), 0)
  assert.is(looked, 0)
  assert.equal(hold(ledger, { numGpus: 1 }).gpuIds, [5])
  assert.equal(ledger.totals(), { numCpus: 2, numGpus: 1, camera: 1 })
  assert.is(looked, 1)
})

test('a resource may have any name but those of CPUs and GPUs', () => {
  const resources = JSON.parse('{ "__proto__": 2, "constructor": 1 }') as Record<string, number>
  const ledger = new Ledger({ numCpus: 1, gpuIds: [], resources })
  const both = demand({ resources })
  assert.ok(ledger.acquire(both))
  assert.is(ledger.acquire(both), undefined)
  assert.match(ledger.whyNever(demand({ resources: { toString: 1 } }))!, /0 of 'toString'/)
  for (const name of ['CPU', 'cpu', 'cpus', 'numCpus', 'num_cpus'])
    refused({ resources: { [name]: 1 } }, /^rollout: '\w+' in resources .* use numCpus$/)
  for (const name of ['GPU', 'Gpu', 'numGpus', 'num_gpus']) refused({ resources: { [name]: 1 } }, /use numGpus$/)
  refused({ resources: { '': 1 } }, /has no name/)
})

test('amounts that make no sense are refused with their name', () => {
  refused({ numGpus: 1.5 }, /^rollout: numGpus above 1 must be a whole number, not 1\.5/)
  refused({ numGpus: -1 }, /numGpus must be a number between 0 and/)
  refused({ numCpus: Number.NaN }, /numCpus must be .* not NaN$/)
  refused({ numCpus: Infinity }, /numCpus must be .* not Infinity$/)
  refused({ numCpus: 0.00001 }, /numCpus must be 0 or at least 0\.0001/)
  refused({ numCpus: '1' }, /numCpus must be a number .* not '1'$/)
  refused({ resources: { camera: '1' } }, /resources\.camera must be a number/)
  refused({ resources: [1] }, /resources must be an object of amounts .* not an array$/)
  refused({ resources: null }, /not null$/)
})

test('the default is for CPUs that are not named; zeros ask for nothing', () => {
  assert.equal(demandOf('task', {}, 1), { cpus: 10_000, gpus: 0, custom: {} })
  assert.equal(demandOf('task', { numCpus: 0, resources: { camera: 0 } }, 1), { cpus: 0, gpus: 0, custom: {} })
})

test.run()
