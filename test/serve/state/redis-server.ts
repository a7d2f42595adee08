/** A real redis-server for the length of a test: on loopback, on a free port, with its data in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as uvu } from 'uvu'
import { freePort } from '../../free-port.js'

const COMMAND = process.env.GYMNURA_REDIS_SERVER ?? 'redis-server'

/** Why tests with Redis cannot run here. */
function missing(): string | undefined {
  if (spawnSync(COMMAND, ['--version']).status !== 0)
    return `no ${COMMAND} is installed here (apt-get install redis-server, or name one in GYMNURA_REDIS_SERVER)`
  try {
    createRequire(import.meta.url).resolve('@redis/client')
  } catch {
    return 'the optional package @redis/client is not installed here (npm ci)'
  }
  return undefined
}

const reason = missing()
if (reason !== undefined) console.log(`skipped: ${reason}`)

/** Tests that need Redis: skipped, with the reason, where there is none. */
export const redisTest = reason === undefined ? uvu : Object.assign(uvu.skip, { run: uvu.run })

/** What Redis answers to an inline command; undefined where nobody answers. */
function ask(port: number, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
    socket.once('data', (data) => {
      resolve(String(data))
      socket.destroy()
    })
    socket.write(`${command}\r\n`)
  })
}

export class RedisServer {
  #process: ChildProcess | undefined
  /** A test that breaks off leaves no server behind. */
  readonly #exit = () => this.#process?.kill('SIGKILL')
  readonly #folder = mkdtempSync(join(tmpdir(), 'gymnura-redis-'))

  private constructor(
    readonly port: number,
    private readonly more: readonly string[],
  ) {}

  static async start(...more: string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), more)
    await server.startAgain()
    return server
  }

  get url(): `redis://${string}` {
    return `redis://127.0.0.1:${this.port}`
  }

  /** What it answers to a command of one line. */
  ask(command: string): Promise<string | undefined> {
    return ask(this.port, command)
  }

  /** With the data that it had, if it kept some. */
  async startAgain(): Promise<void> {
    const durable = ['--appendonly', 'yes', '--appendfsync', 'always']
    const args = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '', ...durable, ...this.more]
    this.#process = spawn(COMMAND, args, { stdio: 'ignore' })
    process.once('exit', this.#exit)
    for (;;) {
      const answer = await ask(this.port, 'PING')
      if (answer !== undefined && !answer.startsWith('-LOADING')) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  get pid(): number {
    return this.#process!.pid!
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal)
  }

  async kill(): Promise<void> {
    const running = this.#process
    this.#process = undefined
    process.off('exit', this.#exit)
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    running.kill('SIGKILL')
    await once(running, 'exit')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A Redis for the length of `use`. @param more further arguments of redis-server */
export async function withRedis(use: (redis: RedisServer) => Promise<void>, ...more: string[]): Promise<void> {
  const redis = await RedisServer.start(...more)
  try {
    await use(redis)
  } finally {
    await redis.stop()
  }
}
