/** A system that runs, from its start to the last of its processes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection, requestText } from '../parts/connection.js'
import { cpuSeconds, MARK, memoryMB, processesOf } from '../parts/processes.js'
import type { System } from './systems.js'

const START_LIMIT_MS = 120_000
const POLL_MS = 5
const ANSWER_LIMIT_MS = 1_000
const STOP_ROUNDS = 100
const STOP_ROUND_MS = 50

/** Below those that outgoing connections take. */
const PORTS = { first: 20_000, count: 10_000 }

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** The first of three that are free: some systems take more than one. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = PORTS.first + Math.floor(Math.random() * PORTS.count)
    const free = await Promise.all([port, port + 1, port + 2].map(isFree))
    if (free.every(Boolean)) return port
  }
}

/** Of a thousandth more each time: no input comes twice. */
export const inputText = (number: number) => `[0.1,0.2,0.3,${number / 1000}]`

export class Running {
  /** From when it was started until the model first answered with 200, s. */
  firstAnswerSeconds = Number.NaN
  #asked = 0

  private constructor(
    readonly system: System,
    readonly port: number,
    private readonly folder: string,
    private readonly child: ChildProcess,
    private readonly mark: string,
  ) {}

  /** @throws where it cannot be installed, ends, or doesn't answer within two minutes */
  static async start(system: System, policy: string): Promise<Running> {
    const port = await freePort()
    const [program, ...args] = await system.command(port)
    // Short: Ray's sockets lie in it.
    const folder = mkdtempSync(join(tmpdir(), 'gb-'))
    const mark = folder
    const env = {
      ...process.env,
      [MARK]: mark,
      GYMNURA_PEER_POLICY: policy,
      GYMNURA_PEER_PID_FILE: join(folder, 'pid'),
      OMP_NUM_THREADS: '1',
      OPENBLAS_NUM_THREADS: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      BENTOML_DO_NOT_TRACK: 'true',
      BENTOML_HOME: join(folder, 'bentoml'),
      // Ray on loopback only, as in bench/core/peers/ray.sh.
      RAY_TMPDIR: folder,
      RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER: '0',
      RAY_USAGE_STATS_ENABLED: '0',
      RAY_AUTH_MODE: 'disabled',
    }
    const startedAt = performance.now()
    const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] })
    const running = new Running(system, port, folder, child, mark)
    let lastWords = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      lastWords = (lastWords + chunk.toString()).slice(-2_000)
    })
    try {
      await running.#firstAnswer(startedAt)
    } catch (error) {
      await running.stop()
      throw new Error(`${(error as Error).message}; its last words: ${lastWords.trim().split('\n').slice(-3).join(' | ')}`)
    }
    return running
  }

  async #firstAnswer(startedAt: number): Promise<void> {
    while (performance.now() - startedAt < START_LIMIT_MS) {
      if (this.child.exitCode !== null) throw new Error(`${this.system.name} ended with exit code ${this.child.exitCode}`)
      const { body, status } = await this.ask()
      // A default is an answer, but not yet one of the model's.
      if (status === '200' && !body.includes('"default":true')) {
        this.firstAnswerSeconds = (performance.now() - startedAt) / 1000
        return
      }
      await sleep(POLL_MS)
    }
    throw new Error(`${this.system.name} has not answered in ${START_LIMIT_MS / 1000} s`)
  }

  /** One question on a connection of its own; '' as status where no answer came within a second. */
  async ask(input = inputText(this.#asked++)): Promise<{ status: string; body: string }> {
    const connection = new Connection(this.port)
    const stop = new AbortController()
    const answer = new Promise<{ status: string; body: string }>((resolve) => {
      connection.onAnswer = (status, body) => resolve({ status, body })
      connection.send(requestText(this.system.path, this.system.body([input])))
    })
    const late = sleep(ANSWER_LIMIT_MS, { status: '', body: '' }, { signal: stop.signal }).catch(() => ({ status: '', body: '' }))
    const first = await Promise.race([answer, late])
    stop.abort()
    connection.close()
    return first
  }

  /** Of the process that holds the model. */
  workerPid(): number {
    return Number(readFileSync(join(this.folder, 'pid'), 'utf8'))
  }

  cpuSeconds(): number {
    return cpuSeconds(processesOf(this.mark))
  }

  memoryMB(): number {
    return memoryMB(processesOf(this.mark))
  }

  /** Ends all its processes, also those that have left their parent. */
  async stop(): Promise<void> {
    for (let round = 0; round < STOP_ROUNDS; round++) {
      const pids = [...processesOf(this.mark).keys()]
      if (pids.length === 0) break
      for (const pid of pids) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It has ended meanwhile.
        }
      }
      await sleep(STOP_ROUND_MS)
    }
    rmSync(this.folder, { recursive: true, force: true })
  }
}
