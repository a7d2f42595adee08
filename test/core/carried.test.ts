import { get, init, placementGroup, Queue, remote, shutdown } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

test.before(async () => init({ numCpus: 2, ignoreReinitError: true }))
test.after(() => shutdown())

test('a queue can be passed to tasks, which put and get through it', async () => {
  const queue = new Queue<number>(10)
  const produce = remote(async (to: Queue<number>, count: number) => {
    for (let i = 0; i < count; i++) await to.put(i)
    return count
  })
  const consume = remote(async (from: { queue: Queue<number> }, count: number) => {
    let sum = 0
    for (let i = 0; i < count; i++) sum += await from.queue.get()
    return sum
  })
  assert.equal(await get([produce.remote(queue, 50), consume.remote({ queue }, 50)]), [50, 1225])
  assert.is(await queue.size(), 0)
})

test('a placement group made in a task can be handed back and used', async () => {
  const make = remote(async () => {
    const { placementGroup } = await import('gymnura')
    return placementGroup([{ numCpus: 1 }])
  })
  const group = await get(make.remote())
  await group.ready()
  const inside = remote(() => 'inside', { placementGroup: group, bundleIndex: 0 })
  assert.is(await get(inside.remote()), 'inside')
  await group.remove()
})

test('a placement group can be an argument', async () => {
  const group = placementGroup([{ numCpus: 1 }])
  const use = remote(async (box: { group: typeof group }) => {
    const { get, remote } = await import('gymnura')
    await box.group.ready()
    return get(remote(() => 7, { placementGroup: box.group }).remote())
  })
  assert.is(await get(use.remote({ group })), 7)
  await group.remove()
})

test.run()
