import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { constants, setPriority } from 'node:os'
import { readLines } from '../log/output-lines.js'
import type { ContainerEvents } from './container.js'
import { environmentOf } from './environment.js'
import type { Host, HostEvents, StartHost } from './host.js'
import type { Limits } from './kinds.js'
import type { ContainerListener } from './listener.js'

const LAST_WORDS_MS = 100
const KEPT_ERROR_CHARS = 2_000

/** The file descriptor after standard input, output and error. */
const INHERITED = 3

/** A program that connects to the address and shows the token that its environment names (PROTOCOL.md). */
export interface ContainerCommand {
  readonly command: string
  readonly args: readonly string[]
  /** It takes over an open socket: no port is open for it, and the kernel has less to do than by loopback. */
  readonly inheritsSocket?: boolean
}

/** What a process is connected with. */
interface Around {
  readonly listener: ContainerListener
  /** Told what it prints. */
  readonly said: ContainerEvents['said']
}

/** Runs a container in a process of this machine. */
export async function processHost(container: ContainerCommand, limits: Limits, { listener, said }: Around): Promise<StartHost> {
  const { command, args, inheritsSocket = false } = container
  const address = inheritsSocket ? `fd:${INHERITED}` : await listener.address()
  return (events) => {
    const { token, forget } = listener.expect(events)
    const env = { ...environmentOf(limits), GYMNURA_CONTAINER_ADDRESS: address, GYMNURA_CONTAINER_TOKEN: token }
    let child: ChildProcess
    try {
      child = spawn(command, args, { stdio: inheritsSocket ? ['pipe', 'pipe', 'pipe', 'pipe'] : 'pipe', env })
    } catch (error) {
      forget()
      throw error
    }
    // (Without file descriptors for them the child has none of these, and cannot be started: an 'error' follows.)
    const inherited = child.stdio?.[INHERITED] as Socket | null | undefined
    if (inherited) listener.greet(inherited)
    if (child.stdout) readLines(child.stdout, (line) => said('stdout', line, child.pid))
    if (child.stderr) readLines(child.stderr, (line) => said('stderr', line, child.pid))
    return new ProcessHost(child, limits, forget, events)
  }
}

class ProcessHost implements Host {
  readonly isAwaited = false
  lastWords = ''
  #gone = false

  constructor(
    private readonly child: ChildProcess,
    { niceness }: Limits,
    private readonly forgetToken: () => void,
    events: HostEvents,
  ) {
    if (niceness !== undefined && child.pid !== undefined) lower(child.pid, niceness)
    // Its standard input only tells it that this process is gone; an error on it says the same of the child.
    child.stdin?.on('error', () => {})
    child.stderr?.on('data', (chunk: string) => {
      this.lastWords = (this.lastWords + chunk).slice(-KEPT_ERROR_CHARS)
    })
    const gone = (reason: string) => {
      if (this.#gone) return
      this.#gone = true
      events.gone(reason)
    }
    child.once('error', (error) => gone(`cannot be started: ${error.message}`))
    const exited = (code: number | null, signal: string | null) => gone(`exited with ${signal ?? `code ${code}`}`)
    // 'close' comes when its last words are read; a grandchild that holds its standard error could put that off for ever.
    child.once('close', exited)
    child.once('exit', (code, signal) => setTimeout(exited, LAST_WORDS_MS, code, signal).unref())
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  leave(): void {
    this.child.stdin?.end()
  }

  kill(): void {
    this.forgetToken()
    this.child.kill('SIGKILL')
  }
}

/** A process that is gone already, or a priority that is not permitted, is no reason not to serve. */
function lower(pid: number, niceness: number): void {
  try {
    setPriority(pid, Math.max(constants.priority.PRIORITY_HIGHEST, Math.min(constants.priority.PRIORITY_LOW, niceness)))
  } catch {
    // It runs as everything else does.
  }
}
