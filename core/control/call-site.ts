/** Where a program submitted a task. */
export interface SubmitSite {
  /** Lines of a stack, most recent first; formatted only if they are asked for. */
  frames(): string
}

/** Files of the runtime: frames in them say nothing about the user's program. */
const runtime = new URL('../', import.meta.url)
const isOurs = (file: string) => file.startsWith(runtime.href) || file.startsWith(runtime.pathname)

/** A stack without the runtime's own frames. */
export function withoutRuntime(stack: string): string {
  const lines = stack.split('\n')
  return lines.filter((line) => !/^\s+at /.test(line) || !(line.includes(runtime.href) || /\(?node:internal\//.test(line))).join('\n')
}

/** The file that called into the runtime, as a file: URL or a path; the working directory where there is no file (a REPL). */
export function callerFile(): string {
  const { prepareStackTrace, stackTraceLimit } = Error
  Error.stackTraceLimit = 20
  Error.prepareStackTrace = (_, sites) => sites.map((site) => site.getFileName())
  const files = new Error().stack as unknown as (string | null)[]
  Error.prepareStackTrace = prepareStackTrace
  Error.stackTraceLimit = stackTraceLimit
  const file = files.find((name) => typeof name === 'string' && /^(file:|\/|[A-Za-z]:\\)/.test(name) && !isOurs(name))
  return file ?? `${process.cwd()}/[repl]`
}

/**
 * Captured for every one of a function's first calls, then for one in EVERY: a capture costs some 5 µs and its text as much again,
 * a whole task less than 1.
 */
const ALWAYS = 32
const EVERY = 1024
const FRAMES = 4

/**
 * Where a function's calls are submitted. Nearly all functions are called from one or two places, so the latest capture
 * serves the calls that are not captured themselves, and says so.
 */
export class CallSites {
  private calls = 0
  private latest: Captured | undefined = undefined

  /** `below`: the function whose caller is the user. */
  next(below: (...args: never[]) => unknown): SubmitSite {
    const latest = this.latest
    if (latest !== undefined && this.calls >= ALWAYS && this.calls % EVERY !== 0) {
      this.calls++
      return latest.nearby
    }
    this.calls++
    this.latest = new Captured(below)
    return this.latest
  }
}

/** A stack that was captured and not read yet, as V8 keeps it. */
interface Trace {
  /** Whatever the program's own Error.prepareStackTrace makes of it. */
  stack: unknown
}

class Captured implements SubmitSite {
  readonly nearby: SubmitSite = { frames: () => `    (submitted like the call captured most recently:)\n${this.frames()}` }
  private readonly text: string

  constructor(below: (...args: never[]) => unknown) {
    const trace = {} as Trace
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = FRAMES
    Error.captureStackTrace(trace, below)
    Error.stackTraceLimit = limit
    // Read at once: until then V8 keeps the functions of its frames and their `this`, and we are kept as long as the function.
    const { stack } = trace
    this.text = typeof stack === 'string' ? stack : ''
  }

  frames(): string {
    return this.text.split('\n').slice(1).join('\n')
  }
}
