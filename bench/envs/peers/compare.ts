/**
 * Ours beside Gymnasium, EnvPool, gymnax on the CPU, MinAtar and the native MuJoCo in one run: for each task the windows of all alternate.
 * Without arguments all tasks, which takes a quarter of an hour and what it installs; with words those whose ids contain one, which
 * then take the place of what an earlier run has kept of them. `BENCH_WINDOW_MS` and `BENCH_WINDOWS` set other windows.
 */
import { existsSync, readFileSync } from 'node:fs'
import { type Box2dRow, compareBox2d, compareMujoco, type MujocoPeersRow } from './physics.js'
import { PEERS, Peers } from './python.js'
import { compareSmallTasks, type SmallTaskRow } from './small-tasks.js'
import { settings } from './turns.js'

export { chart, table } from './report.js'

/** When a row was measured. */
interface Dated {
  at: string
}

export interface Comparison {
  pins: string[]
  windowMs: number
  rounds: number
  small: (SmallTaskRow & Dated)[]
  box2d: (Box2dRow & Dated)[]
  mujoco: (MujocoPeersRow & Dated)[]
}

/** Sources and results lie beside dist/. */
const kept = new URL('../../../../bench/results/envs-peers.json', import.meta.url)

export async function run(words: readonly string[]): Promise<Comparison> {
  const peers = await Peers.start()
  const at = new Date().toISOString().slice(0, 16)
  const dated = <Row>(rows: readonly Row[]) => rows.map((row) => ({ ...row, at }))
  const small = dated(await compareSmallTasks(words, peers))
  const box2d = dated(await compareBox2d(words, peers))
  const mujoco = dated(await compareMujoco(words, peers))
  peers.end()
  const now = { pins: peers.names.flatMap((name) => PEERS[name].pins), ...settings, small, box2d, mujoco }
  if (words.length === 0 || !existsSync(kept)) return now
  const before = JSON.parse(readFileSync(kept, 'utf8')) as Comparison
  if (JSON.stringify([before.pins, before.windowMs, before.rounds]) !== JSON.stringify([now.pins, now.windowMs, now.rounds])) return now
  return {
    ...now,
    small: replaced(before.small, small),
    box2d: replaced(before.box2d, box2d),
    mujoco: replaced(before.mujoco, mujoco),
  }
}

/** The rows of before in their order, those that are measured anew in their place. */
function replaced<Row extends { env: string }>(before: readonly Row[], now: readonly Row[]): Row[] {
  const fresh = new Map(now.map((row) => [row.env, row]))
  const rows = before.map((row) => fresh.get(row.env) ?? row)
  return [...rows, ...now.filter(({ env }) => before.every((row) => row.env !== env))]
}
