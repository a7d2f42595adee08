import { rmSync } from 'node:fs'
import { init, shutdown } from '../../../core/index.js'
import { actors } from './actors.js'
import { type Behaviours, kindOf, scratchFolder } from './behaviour.js'
import { differences } from './differences.js'
import { helpers } from './helpers.js'
import { objects } from './objects.js'
import { tasks } from './tasks.js'

/** In the order of Ray's side. */
export const behaviours: Behaviours = { ...actors, ...helpers, ...objects, ...tasks }

/** The runtime in which Ray's side answers. */
export const begin = (): Promise<void> => init({ numCpus: 2, numGpus: 2, resources: { camera: 1 }, namespace: 'home' })

export async function end(): Promise<void> {
  await shutdown()
  const folder = scratchFolder()
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
}

/** An answer as JSON has it. */
export async function answerOf(title: string): Promise<unknown> {
  const answer = await behaviours[title]!().catch((error: unknown) => ({ broken: kindOf(error), text: String(error) }))
  return answer === undefined ? null : JSON.parse(JSON.stringify(answer))
}

/** What we should answer where Ray answers `ray`: the same, or what the table of differences says. Throws if the table is out of date. */
export function expected(title: string, ray: unknown): unknown {
  const difference = differences[title]
  if (difference === undefined) return ray
  if (JSON.stringify(difference.ray) !== JSON.stringify(ray))
    throw new Error(`differences.ts says that Ray answers ${JSON.stringify(difference.ray)}, but it answers ${JSON.stringify(ray)}`)
  return difference.ours
}
