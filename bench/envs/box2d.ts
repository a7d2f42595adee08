/**
 * Box2D's tasks beside Gymnasium's in the same run, windows in turns: steps a second on one core, with random actions, resets included.
 * Gymnasium runs in a Python of its own: GYMNURA_PYTHON names one with gymnasium==1.4.0 Box2D==2.3.10 pygame-ce; without it only ours
 * are measured.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { make } from 'gymnura/envs'

const IDS = ['LunarLander-v3', 'LunarLanderContinuous-v3', 'BipedalWalker-v3', 'BipedalWalkerHardcore-v3', 'CarRacing-v3'] as const
const ROUNDS = 5
const WINDOW_SECONDS = 0.7

export interface Box2dRow {
  env: string
  stepsPerSecond: number
  gymnasiumStepsPerSecond: number | null
  ratio: number | null
}

/** Reads an id and seconds a line, answers the steps a second. */
const PYTHON = `
import sys, time, warnings
warnings.filterwarnings("ignore")
import gymnasium as gym
envs = {}
for line in sys.stdin:
    name, seconds = line.split()
    if name not in envs:
        envs[name] = gym.make(name)
        envs[name].action_space.seed(1)
        envs[name].reset(seed=1)
    env = envs[name]
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < float(seconds):
        for _ in range(20):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            steps += 1
            if terminated or truncated:
                env.reset()
    print(steps / (time.perf_counter() - start), flush=True)
`

class Gymnasium {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #answers: AsyncIterator<string>

  constructor(python: string) {
    const env = { ...process.env, SDL_VIDEODRIVER: 'dummy' }
    this.#child = spawn(python, ['-c', PYTHON], { stdio: ['pipe', 'pipe', 'inherit'], env })
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  async rate(id: string, seconds: number): Promise<number> {
    this.#child.stdin.write(`${id} ${seconds}\n`)
    const { value, done } = await this.#answers.next()
    if (done) throw new Error('the Python of GYMNURA_PYTHON ended; does it have gymnasium==1.4.0, Box2D==2.3.10 and pygame-ce?')
    return Number(value)
  }

  close(): void {
    this.#child.stdin.end()
  }
}

function ours(id: (typeof IDS)[number]): (seconds: number) => number {
  const env = make<unknown, unknown>(id as string)
  env.actionSpace.seed(1)
  env.reset({ seed: 1 })
  return (seconds) => {
    const started = performance.now()
    let steps = 0
    while (performance.now() - started < 1000 * seconds) {
      for (let i = 0; i < 20; i++, steps++) {
        const [, , terminated, truncated] = env.step(env.actionSpace.sample())
        if (terminated || truncated) env.reset()
      }
    }
    return (1000 * steps) / (performance.now() - started)
  }
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

export async function run(): Promise<Box2dRow[]> {
  const python = process.env.GYMNURA_PYTHON
  const gymnasium = python ? new Gymnasium(python) : null
  const rows: Box2dRow[] = []
  for (const env of IDS) {
    const rate = ours(env)
    rate(2)
    await gymnasium?.rate(env, 0.3)
    const [mine, theirs]: [number[], number[]] = [[], []]
    for (let round = 0; round < ROUNDS; round++) {
      mine.push(rate(WINDOW_SECONDS))
      if (gymnasium) theirs.push(await gymnasium.rate(env, WINDOW_SECONDS))
    }
    const peer = gymnasium ? median(theirs) : null
    const row = { env, stepsPerSecond: median(mine), gymnasiumStepsPerSecond: peer, ratio: peer && median(mine) / peer }
    rows.push(row)
    const text = (value: number) => Math.round(value).toLocaleString('en').padStart(10)
    console.log(
      `${env.padEnd(28)}${text(row.stepsPerSecond)} steps/s${peer ? `, Gymnasium ${text(peer)}, ratio ${row.ratio!.toFixed(2)}` : ''}`,
    )
  }
  gymnasium?.close()
  return rows
}
