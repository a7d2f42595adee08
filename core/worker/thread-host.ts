import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { expose, type Remote, wrap } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import type { LedgerMessage } from '../control/ref-book.js'
import type { Bell } from './bell.js'
import type { WorkerControl } from './control.js'
import { type Ending, Host, type HostSetup } from './host.js'
import * as layout from './layout.js'
import type { InletSetup, Wire, WorkerData } from './messages.js'

/** A worker thread of this process. */
export class ThreadHost extends Host {
  readonly pid = process.pid
  readonly control: Remote<WorkerControl>
  private readonly ledgerPort: MessagePort
  readonly apart = false
  readonly threadId: number
  readonly wire: Wire
  readonly started: Promise<boolean>
  readonly silent: Promise<void>
  private readonly thread: Worker
  private deathCause: unknown

  constructor(setup: HostSetup, service: object, told: (message: LedgerMessage) => void, exited: (host: Host, ending: Ending) => void) {
    super(setup)
    const data = new MessageChannel()
    const control = new MessageChannel()
    const head = new MessageChannel()
    const ledger = new MessageChannel()
    const channel = new SharedArrayBuffer(layout.CHANNEL_BYTES)
    this.wire = { index: setup.index, name: setup.name, bell: this.bell.memory, channel, port: data.port1 }
    const main: InletSetup = { index: 0, name: 'driver', bell: setup.mainBell, channel, port: data.port2, queue: setup.mainQueue }
    const workerData: WorkerData = {
      index: setup.index,
      firstId: setup.firstId,
      workerId: setup.name,
      role: setup.role,
      bell: this.bell.memory,
      pool: setup.pool,
      main,
      controlPort: control.port2,
      headPort: head.port2,
      ledgerPort: ledger.port2,
      timeOrigin: performance.timeOrigin,
      namespace: setup.namespace,
      store: setup.store,
      apart: setup.apart ?? false,
    }
    this.thread = new Worker(new URL('./thread.js', import.meta.url), {
      name: setup.name,
      workerData,
      transferList: [data.port2, control.port2, head.port2, ledger.port2],
      ...inheritedFlags(),
      ...(setup.env === undefined ? {} : { env: { ...process.env, ...setup.env } }),
      ...(setup.heapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: setup.heapMb } }),
    })
    this.threadId = this.thread.threadId
    const life = { over: false }
    this.control = wrap<WorkerControl>(counted(control.port1, life, this.bell))
    expose(service, counted(head.port1, life, this.bell))
    this.silent = new Promise((resolve) => head.port1.once('close', resolve))
    this.ledgerPort = ledger.port1
    ledger.port1.on('message', told)
    let dead: (value: false) => void
    const died = new Promise<false>((resolve) => (dead = resolve))
    this.thread.on('error', (error) => (this.deathCause = error))
    this.thread.on('exit', (code) => {
      this.alive = false
      life.over = true
      this.bell.remove()
      dead(false)
      const how = this.deathCause === undefined ? `exit code ${code}` : ''
      exited(this, { how, cause: this.deathCause, condemned: this.condemned })
      // The other end of `head` is closed by now; this one closes when it has been read.
      for (const port of [control.port1, ledger.port1]) port.close()
    })
    this.started = Promise.race([this.control.ready(), died])
    void this.started.then((took) => (this.hasStarted ||= took))
    // Only an outstanding `get` keeps the process alive.
    this.thread.unref()
    for (const port of [control.port1, head.port1, ledger.port1]) port.unref()
  }

  *reports(): Iterable<LedgerMessage> {
    for (let next = receiveMessageOnPort(this.ledgerPort); next !== undefined; next = receiveMessageOnPort(this.ledgerPort))
      yield next.message as LedgerMessage
  }

  terminate(): void {
    this.condemned = true
    void this.thread.terminate()
  }

  async close(): Promise<void> {
    this.condemned = true
    await this.thread.terminate()
  }
}

/**
 * A port with one addition: each message is counted and rings the bell, since a worker asleep in Atomics.wait hears no port.
 * Not a method: comlink keeps what it is given until the proxy is collected, so that must not lead back to the proxy.
 */
function counted(port: MessagePort, life: { readonly over: boolean }, bell: Bell) {
  const endpoint = nodeEndpoint(port)
  return {
    addEventListener: endpoint.addEventListener,
    removeEventListener: endpoint.removeEventListener,
    start: () => endpoint.start?.(),
    postMessage: (message: unknown, transfer?: Transferable[]) => {
      if (life.over) return
      // Counted before it is posted: the worker must not see fewer than there are.
      Atomics.add(bell.words, layout.CONTROL_SENT, 1)
      endpoint.postMessage(message, transfer ?? [])
      bell.ring()
    },
  }
}

/**
 * A worker inherits the process's flags, except that those of a program given on the command line would make it refuse its
 * file. Naming flags for a worker in turn allows only some; what loads modules is what matters there.
 */
function inheritedFlags(): { execArgv?: string[] } {
  const flags = process.execArgv
  if (!flags.some((flag) => /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/.test(flag))) return {}
  const kept: string[] = []
  for (const [at, flag] of flags.entries()) {
    if (!/^(-r|-C|--import|--require|--loader|--experimental-loader|--conditions)(=|$)/.test(flag)) continue
    kept.push(flag)
    if (!flag.includes('=')) kept.push(flags[at + 1] ?? '')
  }
  return { execArgv: kept }
}
