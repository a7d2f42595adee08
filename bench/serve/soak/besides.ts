/** What the soak does beside the load of the chaos: rushes, and looks at memory. */
import { setTimeout as sleep } from 'node:timers/promises'
import { total } from '../chaos/report.js'
import type { World } from '../chaos/world.js'
import { closedLoop } from '../parts/load.js'
import { memoryOf } from '../parts/processes.js'
import type { Sample } from './verdict.js'

const SAMPLE_EVERY_MS = 2_000
export const RUSH = { everySeconds: 30, seconds: 5, connections: 64 } as const

interface SeenContainer {
  readonly model_id: string
  readonly ready: boolean
  readonly pid?: number
}

/** The process of a container that answers for a model. */
async function containerOf(world: World, model: string): Promise<number | undefined> {
  const answer = await world.call('/admin/get_all_containers', JSON.stringify({ verbose: true }))
  if (answer?.status !== 200) return undefined
  const all = JSON.parse(String(answer.body)) as SeenContainer[]
  return all.find(({ model_id, ready }) => ready && model_id.startsWith(`${model}:`))?.pid
}

async function sampleOf(world: World): Promise<Sample> {
  const { frontend, report } = world
  const pid = await containerOf(world, 'policy')
  const containers = frontend.containers.flatMap((pid) => memoryOf(pid) ?? [])
  return {
    seconds: Math.round(report.seconds),
    answers: total(report.answers),
    frontend: frontend.memory,
    container: pid === undefined ? undefined : memoryOf(pid),
    containers: containers.length,
    containersShare: containers.reduce((sum, { share }) => sum + share, 0),
  }
}

/** Looks at memory until the world is over. @param sampled told of each look */
export function looking(sampled: (sample: Sample, world: World) => Promise<void>): (world: World) => Promise<void> {
  return async (world) => {
    while (!world.over) {
      const next = performance.now() + SAMPLE_EVERY_MS
      await sampled(await sampleOf(world), world)
      await sleep(Math.max(0, next - performance.now()))
    }
  }
}

/** As many answers as can be had over many connections, again and again for a while; each is to be an answer. */
export async function rush(world: World): Promise<void> {
  for (let number = 0; ; number++) {
    for (const end = performance.now() + 1000 * RUSH.everySeconds; performance.now() < end; await sleep(100)) if (world.over) return
    const { connections, seconds } = RUSH
    const body = (request: number) => JSON.stringify({ input: [number, request, 5, (request % 9) - 4] })
    const measured = await closedLoop({ port: world.frontend.port, path: '/policy/predict', body, connections, seconds, warmSeconds: 0 })
    world.report.count('answers', `rush of ${connections} connections`, Math.round(measured.rate * seconds))
    world.report.count('notes', 'defaults in rushes', Math.round(measured.rate * seconds * measured.defaults))
    if (measured.refused > 0) world.report.violation(`${(100 * measured.refused).toFixed(2)} % of a rush were no answers`)
  }
}
