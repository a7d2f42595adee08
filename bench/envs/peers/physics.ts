/**
 * Box2D's and MuJoCo's tasks. Box2D beside Gymnasium and EnvPool, a core each. MuJoCo beside a bare loop of the simulation's own calls on
 * the same WebAssembly (what an environment costs), the same loop on the native library (what WebAssembly costs), Gymnasium and EnvPool;
 * and on two cores beside the bare loop on one: two threads that each step an environment, and an AsyncVectorEnv of two workers.
 */
import { bareMujocoSteps, controlsOf, EPISODE, MUJOCO_TASKS, mujocoOnWorkers, mujocoSteps, warmUpMujoco } from '../rows/mujoco-stepping.js'
import { type Measured, rate, shownRate, single } from '../rows/stepping.js'
import { SteppingThreads } from '../rows/stepping-threads.js'
import type { Peers } from './python.js'
import { type Answer, type Contender, inTurns, printAnswer } from './turns.js'

const BOX2D_TASKS = ['LunarLander-v3', 'LunarLanderContinuous-v3', 'BipedalWalker-v3', 'BipedalWalkerHardcore-v3', 'CarRacing-v3'] as const
const ENVPOOL_ENVS = 8
const WARM_UP_MS = 750
const WORKERS = 2
/** Of each worker. */
const WORKER_ENVS = 8

export interface Box2dRow {
  env: string
  single: Answer
}

export async function compareBox2d(words: readonly string[], peers: Peers): Promise<Box2dRow[]> {
  const rows: Box2dRow[] = []
  for (const env of BOX2D_TASKS) {
    if (words.length > 0 && !words.some((word) => env.includes(word))) continue
    const ours = single(env)
    rate(ours, WARM_UP_MS)
    const answers = await inTurns(env, [
      { question: 'single', name: 'gymnura', measure: (ms) => rate(ours, ms) },
      ...theirs(env, 'single', peers),
    ])
    rows.push({ env, single: answers.get('single')! })
    printAnswer(env, 'one', rows.at(-1)!.single)
  }
  return rows
}

/** Gymnasium's one environment, and EnvPool's of a core. */
function theirs(id: string, way: 'single' | 'episodes', peers: Peers): Contender[] {
  const list: Contender[] = []
  const gymnasium = { way, id, numEnvs: 1, steps: EPISODE }
  if (peers.has('gymnasium')) list.push({ question: 'single', name: 'gymnasium', measure: (ms) => peers.rate('gymnasium', gymnasium, ms) })
  const envpool = { way: 'sync', id, numEnvs: ENVPOOL_ENVS }
  if (peers.has('envpool')) list.push({ question: 'single', name: 'envpool', measure: (ms) => peers.rate('envpool', envpool, ms) })
  return list
}

export interface MujocoPeersRow {
  env: string
  single: Answer
  /** The bare loop's steps a second on the same WebAssembly, and on the native library where it is there. */
  bare: Measured
  native: Measured | null
  threads: Measured
  workers: Measured
  /** Medians by medians: whole steps by the bare loop's, that by the native's, two threads' and two workers' by the bare loop's on one core. */
  ofBare: number
  ofNative: number | null
  threadsByBare: number
  workersByBare: number
}

export async function compareMujoco(words: readonly string[], peers: Peers): Promise<MujocoPeersRow[]> {
  const tasks = MUJOCO_TASKS.filter(([id]) => words.length === 0 || words.some((word) => id.includes(word)))
  if (tasks.length > 0) warmUpMujoco()
  const rows: MujocoPeersRow[] = []
  for (const [env, frames] of tasks) rows.push(await mujocoRow(env, frames, peers))
  return rows
}

type Answers = [single: Answer, bare: Answer, threads: Answer, workers: Answer]

async function mujocoRow(env: (typeof MUJOCO_TASKS)[number][0], frames: number, peers: Peers): Promise<MujocoPeersRow> {
  const controls = controlsOf(env)
  const [ours, bare] = [mujocoSteps(env, controls), bareMujocoSteps(env, frames, controls)]
  const workers = mujocoOnWorkers(env, controls, WORKERS, WORKER_ENVS)
  rate(ours, WARM_UP_MS)
  rate(bare, WARM_UP_MS)
  const threads = await SteppingThreads.start('mujoco', env)
  // Everything but the module's code is new to its threads.
  rate(workers, 2 * WARM_UP_MS)
  const native = { way: 'bare', id: env, numEnvs: 1, steps: EPISODE }
  const answers = await inTurns(env, [
    { question: 'single', name: 'gymnura', measure: (ms) => rate(ours, ms) },
    ...theirs(env, 'episodes', peers),
    { question: 'bare', name: 'gymnura', measure: (ms) => rate(bare, ms) },
    ...(peers.has('gymnasium') ? [{ question: 'bare', name: 'native', measure: (ms: number) => peers.rate('gymnasium', native, ms) }] : []),
    { question: 'threads', name: 'gymnura', measure: (ms) => threads.rate(ms) },
    { question: 'workers', name: 'gymnura', measure: (ms) => rate(workers, ms) },
  ])
  workers.end()
  await threads.end()
  const [one, loop, two, both] = (['single', 'bare', 'threads', 'workers'] as const).map((question) => answers.get(question)!) as Answers
  const row: MujocoPeersRow = {
    env,
    single: one,
    bare: loop.gymnura,
    native: loop.peers.native ?? null,
    threads: two.gymnura,
    workers: both.gymnura,
    ofBare: one.gymnura.median / loop.gymnura.median,
    ofNative: loop.ratio,
    threadsByBare: two.gymnura.median / loop.gymnura.median,
    workersByBare: both.gymnura.median / loop.gymnura.median,
  }
  printAnswer(env, 'one', one)
  console.log(
    `${''.padEnd(28)}bare loop ${shownRate(row.bare.median)}, of it ${row.ofBare.toFixed(3)}; native ${row.native ? `${shownRate(row.native.median)}, of it ${row.ofNative!.toFixed(2)}` : 'not there'}; 2 threads ${row.threadsByBare.toFixed(2)} ×, ${WORKERS} workers ${row.workersByBare.toFixed(2)} × the bare loop`,
  )
  return row
}
