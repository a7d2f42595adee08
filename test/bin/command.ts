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

  constructor(folder: string, args: string[]) {
    this.process = spawn(process.execPath, [executable, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
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
