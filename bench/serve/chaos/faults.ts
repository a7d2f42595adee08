/** What is done to the frontend and its containers. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Asker } from './asking.js'
import { isRunning } from './frontend.js'

const DAY_MS = 86_400_000
const STAMPEDE = 400

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself.
  }
}

/** One of the frontend's containers, if there are any now. */
function container({ world, below }: Asker): number | undefined {
  const all = world.frontend.containers
  return all[below(all.length)]
}

export const FAULTS: Readonly<Record<string, (asker: Asker) => Promise<void>>> = {
  'kill -9 of a container': async (asker) => {
    const pid = container(asker)
    if (pid !== undefined) signal(pid, 'SIGKILL')
  },
  'kill -9 of all containers': async ({ world }) => {
    for (const pid of world.frontend.containers) signal(pid, 'SIGKILL')
  },
  'a container stands still': async (asker) => {
    const pid = container(asker)
    if (pid === undefined) return
    signal(pid, 'SIGSTOP')
    await sleep(asker.below(14_000))
    if (isRunning(pid)) signal(pid, 'SIGCONT')
  },
  'the frontend stands still': async ({ world, below }) => {
    world.frontend.pause()
    await sleep(50 + below(3_000))
    world.frontend.resume()
  },
  'the clock jumps': async ({ world, draw }) => {
    world.frontend.setClock(Math.round((2 * draw() - 1) * 10 * DAY_MS))
  },
  'the disk is full': async ({ world, below, draw }) => {
    // Sometimes with a little room, so that the next write is cut short.
    world.frontend.fillDisk(draw() < 0.5 ? world.frontend.largestFile + below(500) : 4_096)
    await sleep(200 + below(3_000))
    world.frontend.freeDisk()
  },
  'a stampede': async ({ world, below }) => {
    const x = [below(1000), 1, 2, 3]
    const body = JSON.stringify({ input_batch: Array.from({ length: 20 }, (_, i) => [...x.slice(0, 3), i]) })
    const sentAt = performance.now()
    const answers = await Promise.all(Array.from({ length: STAMPEDE }, () => world.call('/ensemble/predict', body)))
    world.inTime('stampede', sentAt, 60)
    const wrong = answers.find((answer) => answer !== undefined && answer.status !== 200)
    if (wrong !== undefined) world.report.violation(`a stampede was answered with ${wrong.status} ${wrong.body}`)
  },
}
