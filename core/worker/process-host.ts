import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MessageChannel } from 'node:worker_threads'
import type { Remote } from 'comlink'
import type { LedgerMessage } from '../control/ref-book.js'
import { removeAfterUs } from '../store/janitor.js'
import { removeFolder } from '../store/spill-folder.js'
import { CallingEnd } from './calling-end.js'
import { Calls } from './calls.js'
import type { WorkerControl } from './control.js'
import { type Ending, Host, type HostSetup } from './host.js'
import { CHANNEL_BYTES, STDERR, STDOUT } from './layout.js'
import type { InletSetup, Wire } from './messages.js'
import { type FromProcess, MAIN_END, type RelayedWire, STREAM_FD, type ToProcess } from './process-messages.js'
import { Relay } from './relay.js'
import { ServingEnd } from './serving-end.js'
import { newSharedFolder, SharedFiles } from './shared-files.js'
import { FrameStream } from './stream.js'

/** After a process has ended, what it sent last is waited for so long: another process may hold its end of the stream open. */
const LAST_WORDS_MS = 1000
/** So much of what native code printed last is kept for the error. */
const TAIL_CHARS = 2000

type Functions = Record<string, (...args: readonly unknown[]) => unknown>

/** Those that run, to be ended with this process. */
const alive = new Set<ProcessHost>()

function endAll(): void {
  for (const host of alive) host.abandonProcess()
}

/** A worker in a process of its own. To the other threads it looks like a thread: their rings are read here and sent over. */
export class ProcessHost extends Host {
  readonly control: Remote<WorkerControl>
  readonly threadId = 0
  readonly apart = true
  readonly wire: Wire
  readonly started: Promise<boolean>
  readonly pid: number | undefined
  private readonly child: ChildProcess
  private readonly folder = newSharedFolder()
  private readonly removeFolder = removeAfterUs(this.folder)
  private readonly stream: FrameStream
  private readonly relay: Relay
  private readonly calls: Calls
  private readonly poolWords: Int32Array
  private readonly gone: Promise<void>
  readonly silent: Promise<void>
  private dead: { readonly how: string; readonly cause: unknown } | undefined
  private nextEnd = MAIN_END + 1
  private tail = ''

  constructor(
    setup: HostSetup,
    private readonly service: object,
    private readonly told: (message: LedgerMessage) => void,
    private readonly exited: (host: Host, ending: Ending) => void,
  ) {
    super(setup)
    this.poolWords = new Int32Array(setup.pool)
    const entry = fileURLToPath(new URL('./process.js', import.meta.url))
    this.child = spawn(process.execPath, [...inheritedFlags(), entry, this.folder], {
      env: { ...process.env, ...setup.env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    })
    this.pid = this.child.pid
    const socket = this.child.stdio[STREAM_FD] as Socket
    this.stream = new FrameStream(socket, new SharedFiles(this.folder), {
      message: (message) => this.handle(message as FromProcess),
      records: (end, records) => this.relay.records(end, records),
    })
    this.relay = new Relay(
      this.bell,
      () => this.stream,
      () => {},
    )
    socket.on('drain', () => this.relay.turn())
    // Its end is told by the process's.
    socket.on('error', () => {})
    this.calls = new Calls(
      (message) => this.send(message),
      (name, args) => this.serve(name, args),
    )
    this.control = new Proxy(
      {},
      {
        get:
          (_, name) =>
          (...args: readonly unknown[]) =>
            this.order(String(name), args),
      },
    ) as Remote<WorkerControl>
    this.gone = new Promise((resolve) => this.watch(socket, resolve))
    // The stream is read to its end before it is said to be gone.
    this.silent = this.gone
    const { index, firstId, name, role, heapMb, namespace } = setup
    const { limitBytes, spillDir } = setup.store
    const store = { limitBytes, spillDir: join(spillDir, `process-${this.pid}`) }
    this.send({ kind: 'setup', setup: { index, firstId, name, role, heapMb, namespace, store } })
    const channel = new SharedArrayBuffer(CHANNEL_BYTES)
    const { port1, port2 } = new MessageChannel()
    this.wire = { index, name, bell: this.bell.memory, channel, port: port1 }
    const main: Wire = { index: 0, name: 'driver', bell: setup.mainBell, channel, port: port2 }
    this.relay.add(new ServingEnd(MAIN_END, main, this.relay, this.poolWords))
    this.started = Promise.race([this.control.ready(), this.gone.then(() => false)])
    void this.started.then((took) => (this.hasStarted ||= took))
    if (alive.size === 0) process.on('exit', endAll)
    alive.add(this)
    // Only an outstanding `get` keeps the process alive.
    this.child.unref()
    for (const stream of this.child.stdio) (stream as Socket | null)?.unref()
  }

  private send(message: ToProcess): void {
    this.stream.send(message)
  }

  /** Sees to output and to the end. */
  private watch(socket: Socket, gone: () => void): void {
    const { child } = this
    const pipe = (from: NodeJS.ReadableStream | null, kind: typeof STDOUT | typeof STDERR) => {
      from?.setEncoding('utf8').on('data', (text: string) => {
        if (kind === STDERR) this.tail = (this.tail + text).slice(-TAIL_CHARS)
        this.printed(kind, text)
      })
    }
    pipe(child.stdout, STDOUT)
    pipe(child.stderr, STDERR)
    const silent = new Promise((resolve) => socket.on('close', resolve))
    const ended = new Promise<string | Error>((resolve) => {
      child.on('error', resolve)
      child.on('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `ended by ${signal}`))
    })
    void ended.then(async (how) => {
      const timer = setTimeout(() => socket.destroy(), LAST_WORDS_MS)
      await silent
      clearTimeout(timer)
      await this.relay.settled(LAST_WORDS_MS)
      this.over(how)
      gone()
    })
  }

  private over(how: string | Error): void {
    this.alive = false
    this.forget()
    this.bell.remove()
    const tail = this.tail.trim()
    const said = tail === '' ? undefined : new Error(`${this.name} printed before it ended:\n${tail}`)
    const { dead, condemned } = this
    // What it printed tells how a process ended that could not say so itself.
    const ending = dead ?? (typeof how === 'string' ? { how, cause: said } : { how: '', cause: how })
    this.exited(this, { ...ending, condemned })
    this.relay.close()
  }

  private handle(message: FromProcess): void {
    switch (message.kind) {
      case 'ledger':
        this.told(message.message)
        return
      case 'dead':
        this.dead = message
        return
      case 'call':
      case 'answer':
        this.calls.handle(message)
        return
      default:
        this.relay.handle(message)
    }
  }

  /** The process calls one of the main thread's services. */
  private async serve(name: string, args: readonly unknown[]): Promise<unknown> {
    const answer = await (this.service as Functions)[name]!(...args)
    if (name !== 'connectActor') return answer
    const wire = answer as Wire | { readonly message: string }
    if ('message' in wire) return wire
    const end = this.nextEnd++
    this.relay.add(new CallingEnd(end, wire, this.relay, this.poolWords))
    return { end, index: wire.index, name: wire.name } satisfies RelayedWire
  }

  /** The main thread tells the worker something. */
  private order(name: string, args: readonly unknown[]): Promise<unknown> {
    // As of a thread that is gone: no answer.
    if (!this.alive) return new Promise(() => {})
    if (name === 'attach') {
      this.attach(args[0] as InletSetup)
      return Promise.resolve()
    }
    if (name === 'detach') this.relay.remove((end) => end instanceof ServingEnd && end.wire.index === args[0])
    else if (name === 'threadGone' || name === 'actorGone') this.relay.turn(true)
    if (name === 'threadGone') this.relay.remove((end) => end instanceof CallingEnd && end.wire.index === args[0])
    return this.calls.call(name, args)
  }

  private attach(inlet: InletSetup): void {
    const end = this.nextEnd++
    this.send({ kind: 'attach', end, index: inlet.index, name: inlet.name })
    this.relay.add(new ServingEnd(end, inlet, this.relay, this.poolWords))
  }

  /** They are read as they come. */
  reports(): Iterable<LedgerMessage> {
    return []
  }

  terminate(): void {
    this.condemned = true
    this.child.kill('SIGKILL')
  }

  async close(): Promise<void> {
    this.terminate()
    // Whoever closes it waits for its end.
    this.child.ref()
    for (const stream of this.child.stdio) (stream as Socket | null)?.ref()
    await this.gone
  }

  private forget(): void {
    alive.delete(this)
    if (alive.size === 0) process.off('exit', endAll)
    removeFolder(this.folder)
    this.removeFolder()
  }

  /** @internal This process ends now. */
  abandonProcess(): void {
    this.child.kill('SIGKILL')
    removeFolder(this.folder)
  }
}

/**
 * The flags of this process, except those of a program given on the command line, and those that would make the worker wait for
 * a debugger or take its port.
 */
function inheritedFlags(): string[] {
  const kept: string[] = []
  const flags = process.execArgv
  for (let at = 0; at < flags.length; at++) {
    const flag = flags[at]!
    if (/^(-e|-p|-pe|--eval|--print|--input-type)$/.test(flag)) at++
    else if (!/^(--eval|--print|--input-type|--inspect|--watch|--test|-i$|--interactive)/.test(flag)) kept.push(flag)
  }
  return kept
}
