/** One benchmark in a process of its own, so that none warms up another's code. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('./run-one.js', import.meta.url))

/** What a file in bench/AREA/ exports. */
export interface Benchmark {
  /** `args`: what stood behind the benchmark's name on the command line. Throws if what it checks does not hold. */
  run(args: readonly string[]): Promise<unknown>
  /** What `run` returned, as SVG. */
  chart?(outcome: unknown): string
  /** What `run` returned, as a table in Markdown. */
  table?(outcome: unknown): string
  /** Too long to run with its area: only by its full name. */
  readonly onlyByName?: boolean
}

export interface Outcome {
  readonly outcome: unknown
  readonly chart?: string
  readonly table?: string
}

/** Runs `file`; its output goes to the terminal. Rejects if it throws or ends before it is done. */
export function runInChild(file: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(script, [file, ...args], { env: { ...process.env, ...env } })
    let outcome: Outcome | undefined
    child.on('message', (message: Outcome) => {
      outcome = message
    })
    child.on('error', reject)
    child.on('exit', (code, signal) =>
      code === 0 && outcome !== undefined ? resolve(outcome) : reject(new Error(`${file} ended with ${signal ?? `exit code ${code}`}`)),
    )
  })
}
