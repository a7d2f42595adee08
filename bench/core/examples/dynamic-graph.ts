/**
 * A graph that nobody knows beforehand: what a task returns decides which tasks come next, and tasks last from 10 µs to 1 s. The driver
 * reacts to whichever is ready first (`wait`), so a long task never holds up the growth of the rest.
 *
 * A node's duration, value and number of children follow from its number alone, so the whole is checked against a plain walk.
 */
import { availableParallelism } from 'node:os'
import { get, type ObjectRef, remote, wait } from '../../../core/index.js'
import { random } from './random.js'
import { report } from './report.js'

const SHORTEST_MS = 0.01
const MOST_CHILDREN = 3
/** Enough to keep all workers busy behind a long task, and few enough for `wait` to look at each time. */
const IN_FLIGHT = 64

interface Node {
  readonly id: number
  readonly durationMs: number
  readonly value: number
  /** How many tasks this one leads to: two or three. */
  readonly children: number
}

/** @param longestMs durations have density 1 / t² from 10 µs on (each power of ten takes the same share of the time), cut here */
function nodeOf(id: number, longestMs: number): Node {
  const draw = random(id)
  const durationMs = Math.min(longestMs, SHORTEST_MS / (1 - draw()))
  return { id, durationMs, value: Math.floor(draw() * 1000), children: MOST_CHILDREN - 1 + Math.floor(draw() * 2) }
}

/** Busy for as long as the node says. */
export function evaluate(id: number, longestMs: number): Node {
  const node = nodeOf(id, longestMs)
  for (const end = performance.now() + node.durationMs; performance.now() < end; );
  return node
}

const evaluateRemote = remote(evaluate, { module: import.meta.url })

/** Their numbers, as in a heap; none is `size` or above. */
function childrenOf({ id, children }: Node, size: number): number[] {
  return Array.from({ length: children }, (_, i) => id * MOST_CHILDREN + 1 + i).filter((child) => child < size)
}

function plainWalk(size: number, longestMs: number): { nodes: number; sum: number } {
  const open = [0]
  let [nodes, sum] = [0, 0]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = nodeOf(id, longestMs)
    nodes++
    sum += node.value
    open.push(...childrenOf(node, size))
  }
  return { nodes, sum }
}

/** @param size numbers that nodes may have; about a sixth of 100,000 are met. @param longestMs the longest that a task lasts */
export async function main(size = 1_000_000, longestMs = 1000): Promise<{ nodes: number; sum: number; utilisation: number }> {
  const start = performance.now()
  const open = [0]
  let running: ObjectRef<Node>[] = []
  let [nodes, sum, busyMs] = [0, 0, 0]
  while (open.length > 0 || running.length > 0) {
    while (open.length > 0 && running.length < IN_FLIGHT) running.push(evaluateRemote.remote(open.pop()!, longestMs))
    const [[ready], rest] = await wait(running)
    running = rest
    const node = await get(ready)
    nodes++
    sum += node.value
    busyMs += node.durationMs
    open.push(...childrenOf(node, size))
  }
  const utilisation = busyMs / ((performance.now() - start) * availableParallelism())
  report('dynamic graph', nodes, 'tasks', start)
  console.log(`dynamic graph: ${(100 * utilisation).toFixed(0)} % of the workers' time was spent inside tasks`)
  const right = plainWalk(size, longestMs)
  if (nodes !== right.nodes || sum !== right.sum)
    throw new Error(`dynamic graph: ${nodes} nodes with sum ${sum}, not ${right.nodes} with ${right.sum}`)
  return { nodes, sum, utilisation }
}
