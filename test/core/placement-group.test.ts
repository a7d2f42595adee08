import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GetTimeoutError, ResourcesUnavailableError } from '../../core/api/errors.js'
import { PlacementGroup, placementGroup, placeOf, setPlacementGroups } from '../../core/api/placement-group.js'
import { demandOf } from '../../core/scheduler/demand.js'
import { PlacementGroupTable } from '../../core/scheduler/placement-groups.js'
import { Ledger } from '../../core/scheduler/resources.js'
import { rejection } from './expect.js'

let ledger: Ledger
let table: PlacementGroupTable
let ids = 0

test.before.each(() => {
  ledger = new Ledger({ numCpus: 2, gpuIds: [0], resources: { camera: 1 } })
  table = new PlacementGroupTable(ledger)
  setPlacementGroups(() => ({
    create(bundles, strategy, name) {
      table.create(++ids, bundles, strategy, name)
      return ids
    },
    ready: (id) => table.ready(id),
    async remove(id) {
      for (const allocation of table.remove(id)) ledger.release(allocation)
      table.retry()
    },
  }))
})

function refused(call: () => unknown, why: RegExp): void {
  assert.throws(call, (error: Error & { code?: string }) => error.code === 'ERR_INVALID_ARGUMENT' && why.test(error.message))
}

test('a group is made at once, ready when its resources are there, and gives them back when removed', async () => {
  const group = placementGroup([{ numCpus: 1 }, { numCpus: 1, resources: { camera: 1 } }], { strategy: 'SPREAD', name: 'rollouts' })
  await group.ready()
  await group.ready({ timeoutMs: 1000 })
  assert.equal(ledger.available(), { numCpus: 0, numGpus: 1, camera: 0 })
  assert.equal(group.bundles, [{ numCpus: 1 }, { numCpus: 1, resources: { camera: 1 } }])
  assert.is(group.strategy, 'SPREAD')
  await group.remove()
  await group.remove()
  assert.equal(ledger.available(), ledger.totals())
})

test('a second group is ready when the first is removed', async () => {
  const first = placementGroup([{ numCpus: 2 }])
  const second = placementGroup([{ numCpus: 1 }, { numCpus: 1 }], { name: 'second' })
  const late = await rejection(second.ready({ timeoutMs: 0 }))
  assert.instance(late, GetTimeoutError)
  assert.is(late.message, "ready: placement group 'second' had no room for its 2 bundles within 0 ms")
  const ready = second.ready()
  await first.remove()
  await ready
})

test('what can never be had is told by ready, not by the call', async () => {
  const group = placementGroup([{ numGpus: 2 }])
  assert.instance(await rejection(group.ready()), ResourcesUnavailableError)
  assert.instance(await rejection(group.ready({ timeoutMs: 10 })), ResourcesUnavailableError)
})

test('a group that nobody waits for fails silently', async () => {
  placementGroup([{ numGpus: 2 }])
  const waiting = placementGroup([{ numCpus: 2 }])
  await waiting.remove()
  await new Promise(setImmediate)
})

test('a group made again from its data is the same group', async () => {
  const { id, bundles, strategy, name } = placementGroup([{ numCpus: 2 }])
  const copy = new PlacementGroup(id, bundles, strategy, name)
  await copy.ready()
  await copy.remove()
  assert.is(ledger.available().numCpus, 2)
})

test('later changes of what was given do not change the group', () => {
  const bundle = { numCpus: 1, resources: { camera: 1 } }
  const group = placementGroup([bundle])
  bundle.numCpus = 2
  bundle.resources.camera = 0
  assert.equal(group.bundles, [{ numCpus: 1, resources: { camera: 1 } }])
})

test('bad bundles are refused with their place and what was meant', () => {
  const bad = (bundles: unknown, why: RegExp) => refused(() => placementGroup(bundles as []), why)
  bad([], /expects a list of bundles such as .*, not an empty one$/)
  bad({ numCpus: 1 }, /not an object$/)
  bad(undefined, /not undefined$/)
  bad([{ numCpus: 1 }, {}], /^placementGroup: bundle 1 holds nothing; give it numCpus, numGpus or resources$/)
  bad([{ numCpus: 0, resources: { camera: 0 } }], /bundle 0 holds nothing/)
  bad([null], /bundle 0 must be an object, not null/)
  bad([{ CPU: 1 }], /bundle 0: unknown key 'CPU'; did you mean 'numCpus'/)
  bad([{ numGpu: 1 }], /unknown key 'numGpu'; did you mean 'numGpus'/)
  bad([{ camera: 1 }], /unknown key 'camera'.* custom resource, as in \{ resources: \{ camera: 1 \} \}/)
  bad([{ resources: { GPU: 1 } }], /bundle 0: 'GPU' in resources .* use numGpus/)
  bad([{ numGpus: 1.5 }], /bundle 0: numGpus above 1 must be a whole number/)
  bad([{ numCpus: -1 }], /bundle 0: numCpus must be a number between/)
})

test('bad options are refused with what was meant', () => {
  const bad = (options: object, why: RegExp) => refused(() => placementGroup([{ numCpus: 1 }], options), why)
  bad({ strategy: 'pack' }, /^placementGroup: strategy must be one of PACK, .*, not 'pack'; did you mean 'PACK'\?$/)
  bad({ strategy: 'STRICT_SPRED' }, /did you mean 'STRICT_SPREAD'\?$/)
  bad({ strategy: 1 }, /not a number$/)
  bad({ stategy: 'PACK' }, /unknown key 'stategy'; did you mean 'strategy'\?/)
  bad({ name: '' }, /name must be a string that is not empty, not ''$/)
})

test('a bad time limit of ready is refused', async () => {
  const group = placementGroup([{ numCpus: 1 }])
  assert.match((await rejection(group.ready({ timeoutMs: -1 }))).message, /^ready: timeoutMs must be/)
})

test('options of a task name a group and one of its bundles', () => {
  const group = placementGroup([{ numCpus: 1 }, { numCpus: 1 }])
  assert.is(placeOf('f', {}), undefined)
  assert.equal(placeOf('f', { placementGroup: group, bundleIndex: 1 }), { group: group.id, bundleIndex: 1 })
  assert.ok(ledger.acquire(demandOf('f', {}, 1), placeOf('f', { placementGroup: group })))
  refused(() => placeOf('f', { placementGroup: group, bundleIndex: 2 }), /^f: bundleIndex must be a whole number between 0 and 1, or -1/)
  refused(() => placeOf('f', { placementGroup: group, bundleIndex: '0' }), /bundleIndex must be/)
  refused(() => placeOf('f', { bundleIndex: 0 }), /bundleIndex is of use only with placementGroup/)
  refused(() => placeOf('f', { placementGroup: 'g' }), /placementGroup must be what placementGroup\(\) returned, not a string/)
})

test.run()
