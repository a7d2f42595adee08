import { type ChildProcess, spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const executable = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'bin', 'gymnura.js')

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that was started in `folder`: its process, what it has printed so far, and its end. */
export class Running {
  readonly process: ChildProcess
  readonly ended: Promise<Outcome>
  stdout = ''
  stderr = ''
  #heard = () => {}

  constructor(folder: string, args: string[], env: NodeJS.ProcessEnv = {}) {
    const all = { ...process.env, ...env }
    this.process = spawn(process.execPath, [executable, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], env: all })
    this.process.stdout!.on('data', (chunk) => {
      this.stdout += chunk
      this.#heard()
    })
    this.process.stderr!.on('data', (chunk) => {
      this.stderr += chunk
      this.#heard()
    })
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code) => resolve({ code, stdout: this.stdout, stderr: this.stderr }))
    })
  }

  /** Resolves with the match once either output has it; rejects when the command ends without it. */
  said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      this.#heard = () => {
        const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
        if (match) resolve(match)
      }
      this.#heard()
      void this.ended.then(({ code, stderr }) => reject(new Error(`ended with ${code} before it said ${pattern}: ${stderr}`)))
    })
  }
}

export const gymnura = (folder: string, ...args: string[]): Promise<Outcome> => new Running(folder, args).ended

/** A server that the command runs on a free port, for the length of `use`, which gets its URL. */
export async function withServing(
  folder: string,
  args: string[],
  use: (url: string, server: Running) => Promise<void>,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  const server = new Running(folder, ['serve', '--port', '0', ...args], env)
  try {
    const [, url = ''] = await server.said(/serving on ([^;,\s]+)/)
    await use(url, server)
  } finally {
    server.process.kill('SIGINT')
    await server.ended
  }
}

/** What a command that went well printed as JSON. */
export async function json<T = Record<string, unknown>>(folder: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await gymnura(folder, ...args, '--json')
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${stdout}${stderr}`)
  return JSON.parse(stdout) as T
}
