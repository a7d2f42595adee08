/** The frontend under test: started, killed, paused, its clock and its disk spoilt; and what of this happened when. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../test/free-port.js'
import { type Memory, memoryOf } from '../parts/processes.js'
import type { CollectMessage, Publish } from './frontend-main.js'

const MAIN = fileURLToPath(new URL('./frontend-main.js', import.meta.url))
const CLOCK = new URL('./clock.js', import.meta.url).href
const START_LIMIT_MS = 60_000
const GONE_LIMIT_MS = 10_000

export class Frontend {
  readonly folder: string
  /** How often it was started. */
  lives = 0
  /** It ended, and nobody had killed it. */
  onDeath: (how: string) => void = () => {}
  readonly #port: number
  readonly #containerPort: number
  readonly #python: string | undefined
  #child: ChildProcess | undefined
  #isExpectedToEnd: ChildProcess | undefined
  /** Times of which answers may be missing or late: `to` is infinite while it lasts. */
  #spans: { readonly what: 'down' | 'paused' | 'full'; readonly from: number; to: number }[] = []

  private constructor(folder: string, port: number, containerPort: number, python: string | undefined) {
    this.folder = folder
    this.#port = port
    this.#containerPort = containerPort
    this.#python = python
  }

  /** @param python the interpreter that Python models run in */
  static async make(folder: string, python: string | undefined): Promise<Frontend> {
    return new Frontend(folder, await freePort(), await freePort(), python)
  }

  get port(): number {
    return this.#port
  }

  get containerAddress(): string {
    return `127.0.0.1:${this.#containerPort}`
  }

  get pid(): number {
    return this.#child?.pid ?? 0
  }

  async start(): Promise<void> {
    const PATH = this.#python === undefined ? process.env.PATH : [dirname(this.#python), process.env.PATH].join(delimiter)
    const child = fork(MAIN, [this.folder, String(this.#port), String(this.#containerPort)], {
      execArgv: ['--import', CLOCK],
      env: { ...process.env, PATH },
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    })
    this.#child = child
    let lastWords = ''
    child.stderr?.on('data', (part: Buffer) => {
      lastWords = (lastWords + part.toString()).slice(-2_000)
    })
    child.once('exit', (code, signal) => {
      if (this.#isExpectedToEnd !== child) this.onDeath(`with ${signal ?? `exit code ${code}`}: ${lastWords}`)
    })
    const limit = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS)
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
    clearTimeout(limit)
    if (typeof message !== 'object' || message === null)
      throw new Error(`the frontend did not start within ${START_LIMIT_MS} ms, or ended: ${message}`)
    this.lives++
    this.#end('down')
  }

  /** Publishes what cannot be published over HTTP. */
  async publish(what: Publish): Promise<void> {
    this.#child!.send(what)
    const [answer] = (await once(this.#child!, 'message')) as [{ refused?: string }]
    if (answer.refused !== undefined) throw new Error(`${what.publish} could not be published: ${answer.refused}`)
  }

  /** kill -9. Resolves with the pids of what it had started and what is still there 10 seconds later. */
  async kill(): Promise<number[]> {
    const child = this.#child!
    const started = childrenOf(this.pid)
    this.#isExpectedToEnd = child
    this.#begin('down')
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    // What stands still cannot see that its frontend is gone.
    for (const pid of started) if (isRunning(pid)) process.kill(pid, 'SIGCONT')
    const end = performance.now() + GONE_LIMIT_MS
    while (started.some(isRunning) && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
    return started.filter(isRunning)
  }

  pause(): void {
    this.#begin('paused')
    this.#child?.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
    this.#end('paused')
  }

  setClock(aheadMs: number): void {
    if (this.#child?.connected) this.#child.send({ aheadMs })
  }

  /** No file grows beyond so many bytes until the disk is freed: needs no privileges, but util-linux. */
  fillDisk(bytes: number): void {
    this.#begin('full')
    execFileSync('prlimit', ['--pid', String(this.pid), `--fsize=${bytes}:unlimited`])
  }

  freeDisk(): void {
    if (isRunning(this.pid)) execFileSync('prlimit', ['--pid', String(this.pid), '--fsize=unlimited:unlimited'])
    this.#end('full')
  }

  async stop(): Promise<void> {
    const child = this.#child!
    if (child.exitCode !== null || child.signalCode !== null) return
    this.#isExpectedToEnd = child
    child.disconnect()
    await once(child, 'exit')
  }

  #begin(what: 'down' | 'paused' | 'full'): void {
    this.#spans.push({ what, from: performance.now(), to: Number.POSITIVE_INFINITY })
  }

  #end(what: 'down' | 'paused' | 'full'): void {
    const now = performance.now()
    for (const span of this.#spans) if (span.what === what) span.to = Math.min(span.to, now)
    this.#spans = this.#spans.filter(({ to }) => now - to < 120_000)
  }

  /** Whether this was so at some time from `from` on. */
  was(what: 'down' | 'paused' | 'full', from: number): boolean {
    return this.#spans.some((span) => span.what === what && span.to >= from)
  }

  get memory(): Memory {
    return memoryOf(this.pid) ?? { resident: 0, share: 0, own: 0 }
  }

  /** What its heap holds once garbage is collected, MB. */
  async inUse(): Promise<number> {
    this.#child!.send({ collect: true } satisfies CollectMessage)
    const [{ inUse }] = (await once(this.#child!, 'message')) as [{ inUse: number }]
    return inUse / 1024 ** 2
  }

  /** Bytes of its largest file. */
  get largestFile(): number {
    const files = readdirSync(this.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    return Math.max(0, ...files.map((entry) => fileBytes(join(entry.parentPath, entry.name))))
  }

  get containers(): number[] {
    return childrenOf(this.pid)
  }
}

function fileBytes(path: string): number {
  try {
    return readFileSync(path).length
  } catch {
    return 0
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

/** False too for one that only waits to be reaped. */
export function isRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
