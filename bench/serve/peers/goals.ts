/** What the figures were to be, as ratios within one run, and what they are. */
import { good } from '../parts/tally.js'
import type { Comparison } from './compare.js'
import type { Row } from './measure.js'

export interface Goal {
  readonly goal: string
  readonly figure: string
  readonly met: boolean
}

/**
 * Clipper itself on a machine like this one, another day (its last source; distinct inputs, an objective of 20 ms): its best run with 64
 * connections, and the highest open loop of its better run. It cannot be had as a package.
 */
const CLIPPER = { many: 6_758, open: 4_125 }

const LEAST_OF_ECHO = { process: 0.7, inline: 0.85 }
const TIMES_FASTER = { Triton: 5, MLServer: 10, LitServe: 15, 'Ray Serve': 50 }
const MOST_ABOVE_ECHO_MS = 0.3
const LEAST_BATCH = 300_000
const LEAST_BLOCKS = 1e6
const FIRST_ANSWER_MS = 500
const MOST_MEMORY_MB = 120

const times = (ratio: number) => `${ratio.toFixed(ratio < 10 ? 2 : 0)}×`

/** Goals of whose figures all were measured. */
export function goalsOf({ rows }: Comparison): Goal[] {
  const named = (name: string) => rows.find((row) => row.name === name)
  const [echo, own, inline] = [named('fastify, echo'), named('gymnura, process'), named('gymnura, inline')]
  if (!echo || !own || !inline) return []
  const goals: Goal[] = []
  const atLeast = (goal: string, value: number, least: number, shown = times) =>
    goals.push({ goal: `${goal} ≥ ${shown(least)}`, figure: shown(value), met: value >= least })
  const atMost = (goal: string, value: number, most: number, unit: string) =>
    goals.push({ goal: `${goal} ≤ ${most} ${unit}`, figure: `${+value.toPrecision(3)} ${unit}`, met: value <= most })
  const peersOf = (title: string) => rows.filter(({ kind, name }) => kind === 'peer' && name.startsWith(title))
  const best = (list: readonly Row[], read: (row: Row) => number) => Math.max(...list.map(read))

  atLeast('64 connections, in a process, by the echo', good(own.many) / good(echo.many), LEAST_OF_ECHO.process)
  atLeast('64 connections, inline, by the echo', good(inline.many) / good(echo.many), LEAST_OF_ECHO.inline)
  for (const [title, least] of Object.entries(TIMES_FASTER)) {
    const peers = peersOf(title)
    if (peers.length > 0)
      atLeast(`64 connections, in a process, by ${title} at its best`, good(own.many) / best(peers, ({ many }) => good(many)), least)
  }
  atLeast("64 connections, in a process, by Clipper's best (another day)", good(own.many) / CLIPPER.many, 2)
  const peers = rows.filter(({ kind }) => kind === 'peer')
  const bestOpen = best(peers, ({ open }) => open.rate)
  if (peers.length > 0 && bestOpen > 0) atLeast('highest open loop by the best peer', own.open.rate / bestOpen, 8)
  atLeast("highest open loop by Clipper's best (another day)", own.open.rate / CLIPPER.open, 2)
  const whole = (value: number) => `${Math.round(value).toLocaleString('en')}/s`
  atLeast('input_batch of 64, inputs', own.batchInputsPerSecond ?? 0, LEAST_BATCH, whole)
  atLeast('binary v2, rows', own.blocks?.rowsPerSecond ?? 0, LEAST_BLOCKS, whole)
  atMost('one connection, mean above the echo', own.one.meanMs - echo.one.meanMs, MOST_ABOVE_ECHO_MS, 'ms')
  atMost('first 200 after the start', 1000 * own.firstAnswerSeconds, FIRST_ANSWER_MS, 'ms')
  atMost('memory under load (PSS)', own.memoryLoadedMB, MOST_MEMORY_MB, 'MB')
  return goals
}
