import { init, placementGroup, shutdown } from '../../../core/index.js'
import type { Timed } from '../../timeit.js'

const GROUPS = 100

async function createAndRemove(): Promise<void> {
  const groups = Array.from({ length: GROUPS }, () => placementGroup([{ resources: { custom: 0.001 } }]))
  for (const group of groups) await group.ready()
  for (const group of groups) await group.remove()
}

/** Ray's last row, with a runtime of its own as there. */
export async function timePlacementGroups(time: (...timed: Timed[]) => Promise<void>): Promise<void> {
  await init({ resources: { custom: 100 } })
  await time({ name: 'placement group create/removal', calls: GROUPS, work: createAndRemove })
  await shutdown()
}
