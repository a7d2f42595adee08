/**
 * Ours beside Gymnasium, EnvPool, gymnax on the CPU, MinAtar and the native MuJoCo in one run: for each task the windows of all alternate.
 * Arguments: words that the ids to run contain; default all, which takes a quarter of an hour and what it installs.
 * `BENCH_WINDOW_MS` and `BENCH_WINDOWS` set other windows.
 */
import { type Box2dRow, compareBox2d, compareMujoco, type MujocoPeersRow } from './physics.js'
import { PEERS, Peers } from './python.js'
import { compareSmallTasks, type SmallTaskRow } from './small-tasks.js'
import { settings } from './turns.js'

export { chart, table } from './report.js'

export interface Comparison {
  pins: string[]
  windowMs: number
  rounds: number
  small: SmallTaskRow[]
  box2d: Box2dRow[]
  mujoco: MujocoPeersRow[]
}

export async function run(words: readonly string[]): Promise<Comparison> {
  const peers = await Peers.start()
  const small = await compareSmallTasks(words, peers)
  const box2d = await compareBox2d(words, peers)
  const mujoco = await compareMujoco(words, peers)
  peers.end()
  return { pins: peers.names.flatMap((name) => PEERS[name].pins), ...settings, small, box2d, mujoco }
}
