/**
 * A process of Python and the two pipes to it. Everything here is synchronous, as `env.step()` is: requests are written to a named pipe
 * and answers read from another, and the reads block until they come. A process that dies closes its end, which ends the read; one that
 * hangs ends itself (server.py). The names of the pipes are removed at once, so nothing is left behind whatever happens.
 */
import { EnvError, PythonDied, PythonFailed, PythonMissing, PythonTimeout } from '../errors.js'
import { nodeModule } from '../host.js'
import { shown } from '../shown.js'
import { bodyLengths, decodeBody, encodeFrame, HEADER_BYTES } from './wire.js'

type Fs = typeof import('node:fs')
type ChildProcess = typeof import('node:child_process')

const WHAT = 'PythonEnv'
const SERVER = new URL('./server.py', import.meta.url)
/** What our own process sees as its standard error. */
const STDERR = 2
/** Answers up to here are read without making room for them. */
const BUFFER_BYTES = 65_536
const MOST_STACK_BYTES = 20_000

/** Makes the pipes, which Node cannot, and looks for the packages without importing them. */
const PREPARE = `
import importlib.util, json, os, sys
for name in sys.argv[1:3]: os.mkfifo(name)
found = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({"missing": [name for name in ["numpy", "gymnasium"] if not found(name)]}))
`

export interface PythonProcessOptions {
  /** The program: a name on the PATH, or a path such as that of a virtual environment's bin/python. */
  python: string
  timeoutMs: number
  startTimeoutMs: number
  /** What is run, for the errors. */
  what: string
}

interface Pipes {
  /** Our ends. */
  requests: number
  answers: number
  /** Where the process leaves its stacks when it crashes or hangs. */
  stacks: number
  /** Its ends, for the process to inherit. */
  theirs: [requests: number, answers: number]
}

export class PythonProcess {
  readonly #fs: Fs
  readonly #pid: number
  readonly #pipes: Pipes
  readonly #options: PythonProcessOptions
  readonly #buffer = new Uint8Array(BUFFER_BYTES)
  /** Why there is no process any more; null while there is. */
  #ended: string | null = null

  /** @throws PythonMissing, EnvError (ENVS_NEEDS_NODE) */
  constructor(options: PythonProcessOptions) {
    this.#options = options
    this.#fs = nodeModule('node:fs', WHAT)
    const childProcess = nodeModule('node:child_process', WHAT)
    this.#pipes = openPipes(this.#fs, childProcess, options)
    const { theirs, stacks } = this.#pipes
    const child = childProcess.spawn(options.python, [fileOf(SERVER), `${options.startTimeoutMs / 1000}`, `${options.timeoutMs / 1000}`], {
      // A group of its own, so that what the environment starts can be ended with it. What it prints goes to our standard error.
      detached: true,
      stdio: ['ignore', STDERR, STDERR, ...theirs, stacks],
    })
    for (const fd of theirs) this.#fs.closeSync(fd)
    // An error comes after this; that there is no process id says it now.
    child.on('error', () => {})
    child.unref()
    if (child.pid === undefined) {
      this.#closePipes()
      throw new PythonMissing(`${options.python} could not be started for ${options.what}`)
    }
    this.#pid = child.pid
  }

  /** Whether nothing more can be asked of it. */
  get hasEnded(): boolean {
    return this.#ended !== null
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @throws PythonFailed when Python raised an error, PythonDied, PythonTimeout, EnvError (ENVS_CLOSED)
   */
  call(op: string, request: object = {}): unknown {
    const { what } = this.#options
    if (this.#ended !== null) throw new EnvError('ENVS_CLOSED', `${what} ${this.#ended}; make a new one`)
    const frame = encodeFrame({ op, ...request })
    const answer = this.#exchange(frame) as { ok?: unknown; error?: string; type?: string; traceback?: string } | null
    if (answer === null) throw this.#gone(op)
    if (answer.error !== undefined) {
      const traceback = answer.traceback ?? ''
      throw new PythonFailed(`${op}() of ${what} raised ${answer.type}: ${answer.error}\n\n${traceback}`, traceback, `${answer.type}`)
    }
    return answer.ok
  }

  /** Ends the environment and then its process, and all that it started. May be called more than once. */
  close(): void {
    if (this.#ended !== null) return
    try {
      this.call('close')
    } catch {
      // Whatever it says, or if it is gone: it ends now.
    }
    this.#end('was closed')
  }

  #exchange(frame: Uint8Array): unknown {
    try {
      for (let at = 0; at < frame.length; ) at += this.#fs.writeSync(this.#pipes.requests, frame, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') return null
      throw error
    }
    return this.#read()
  }

  /** The next frame, in one read where it is small; null where the pipe ends before. Nothing comes after it: one request, one answer. */
  #read(): unknown {
    let bytes = this.#buffer
    let [wanted, text] = [HEADER_BYTES, 0]
    for (let got = 0; got < wanted; ) {
      const count = this.#fs.readSync(this.#pipes.answers, bytes, got, bytes.length - got, null)
      if (count === 0) return null
      const knew = got >= HEADER_BYTES
      got += count
      if (knew || got < HEADER_BYTES) continue
      const lengths = bodyLengths(bytes)
      text = lengths[0]
      wanted += text + lengths[1]
      if (wanted <= bytes.length) continue
      const larger = new Uint8Array(wanted)
      larger.set(bytes.subarray(0, got))
      bytes = larger
    }
    return decodeBody(bytes.subarray(HEADER_BYTES, wanted), text)
  }

  #gone(op: string): EnvError {
    const { what, timeoutMs, startTimeoutMs } = this.#options
    const stacks = this.#stacks()
    const hung = stacks.startsWith('Timeout (')
    const limit = op === 'make' ? `startTimeoutMs = ${startTimeoutMs}` : `timeoutMs = ${timeoutMs}`
    this.#end(hung ? `took longer than ${limit} and was ended` : 'has died')
    if (hung) return new PythonTimeout(`${op}() of ${what} took longer than ${limit}; its process was ended at\n\n${stacks}`, stacks)
    const said = stacks === '' ? 'it said nothing: it was killed, or ended itself' : `it said\n\n${stacks}`
    return new PythonDied(`the process of ${what} ended in ${op}(); ${said}`, stacks)
  }

  #stacks(): string {
    const bytes = new Uint8Array(MOST_STACK_BYTES)
    const length = this.#fs.readSync(this.#pipes.stacks, bytes, 0, bytes.length, 0)
    return new TextDecoder().decode(bytes.subarray(0, length)).trim()
  }

  #end(why: string): void {
    if (this.#ended !== null) return
    this.#ended = why
    try {
      nodeModule('node:process', WHAT).kill(-this.#pid, 'SIGKILL')
    } catch {
      // It is gone already.
    }
    this.#closePipes()
  }

  #closePipes(): void {
    const { requests, answers, stacks } = this.#pipes
    for (const fd of [requests, answers, stacks]) this.#fs.closeSync(fd)
  }
}

function fileOf(url: URL): string {
  return decodeURIComponent(url.pathname)
}

/** @throws PythonMissing */
function openPipes(fs: Fs, childProcess: ChildProcess, options: PythonProcessOptions): Pipes {
  const folder = fs.mkdtempSync(`${nodeModule('node:os', WHAT).tmpdir()}/gymnura-python-`)
  try {
    const [requests, answers] = [`${folder}/requests`, `${folder}/answers`]
    prepare(childProcess, options, [requests, answers])
    const [requestsRead, requestsWrite] = bothEnds(fs, requests)
    const [answersRead, answersWrite] = bothEnds(fs, answers)
    const stacks = fs.openSync(`${folder}/stacks`, 'w+')
    return { requests: requestsWrite, answers: answersRead, stacks, theirs: [requestsRead, answersWrite] }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** Opening one end of a named pipe blocks until the other is open; opening both at once does not, and then neither does either. */
function bothEnds(fs: Fs, path: string): [read: number, write: number] {
  const both = fs.openSync(path, 'r+')
  const ends: [number, number] = [fs.openSync(path, 'r'), fs.openSync(path, 'w')]
  fs.closeSync(both)
  return ends
}

/** @throws PythonMissing saying what is, and what to do */
function prepare(childProcess: ChildProcess, { python, startTimeoutMs, what }: PythonProcessOptions, pipes: [string, string]): void {
  const result = childProcess.spawnSync(python, ['-c', PREPARE, ...pipes], {
    encoding: 'utf8',
    timeout: startTimeoutMs,
    killSignal: 'SIGKILL',
  })
  const code = (result.error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ENOENT' || code === 'EACCES') {
    throw new PythonMissing(
      `${what} needs Python, and there is no program ${shown(python)} (${code}); install it, or say where it is with { python }`,
    )
  }
  if (code === 'ETIMEDOUT') throw new PythonTimeout(`${python} did not start within startTimeoutMs = ${startTimeoutMs}`, '')
  const found = answerOf(result.stdout)
  if (found === null) {
    const said = (result.stderr || result.stdout || '').trim()
    throw new PythonMissing(`${shown(python)}, which ${what} needs, is no Python 3 on a POSIX system; it said: ${said || 'nothing'}`, said)
  }
  if (found.missing.length > 0) {
    const names = found.missing.join(' ')
    throw new PythonMissing(`${what} needs ${found.missing.join(' and ')} in ${python}; install with: ${python} -m pip install ${names}`)
  }
}

function answerOf(text: string | null): { missing: string[] } | null {
  try {
    const answer = JSON.parse(text ?? '') as { missing?: unknown } | null
    return Array.isArray(answer?.missing) ? (answer as { missing: string[] }) : null
  } catch {
    return null
  }
}
