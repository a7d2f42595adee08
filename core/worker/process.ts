/**
 * What a process worker runs. The user's code lives in a worker thread, the same as any other; this thread relays between it and
 * the process that started us, so it hears that process's end whatever the code is doing.
 */
import { Socket } from 'node:net'
import { MessageChannel } from 'node:worker_threads'
import { transfer } from 'comlink'
import { describe } from '../api/errors.js'
import type { ActorGone } from '../control/headquarters.js'
import type { LedgerMessage } from '../control/ref-book.js'
import { removeFolder } from '../store/spill-folder.js'
import { StoreUsage } from '../store/usage.js'
import { Bell } from './bell.js'
import { CallingEnd } from './calling-end.js'
import { type CallMessage, Calls } from './calls.js'
import type { Ending } from './host.js'
import * as layout from './layout.js'
import type { InletSetup, Wire } from './messages.js'
import { type FromProcess, MAIN_END, type ProcessSetup, type RelayedWire, STREAM_FD, type ToProcess } from './process-messages.js'
import { Relay } from './relay.js'
import { ServingEnd } from './serving-end.js'
import { SharedFiles } from './shared-files.js'
import { FrameStream } from './stream.js'
import { ThreadHost } from './thread-host.js'

const folder = process.argv[2]!
const socket = new Socket({ fd: STREAM_FD, readable: true, writable: true })
const pool = new SharedArrayBuffer(layout.POOL_BYTES)
const poolWords = new Int32Array(pool)
const bell = new Bell(new SharedArrayBuffer(layout.BELL_BYTES), poolWords)
let host: ThreadHost | undefined
let over = false

const stream = new FrameStream(socket, new SharedFiles(folder), {
  message: (message) => handle(message as ToProcess),
  records: (end, records) => relay.records(end, records),
})
const send = (message: FromProcess) => stream.send(message)
const relay = new Relay(bell, () => stream, report)
socket.on('drain', () => relay.turn())

/** Who started us is gone: nobody hears what we do. The code may be in a loop, so nothing softer ends it for sure. */
function orphaned(): void {
  if (over) return
  removeFolder(folder)
  process.kill(process.pid, 'SIGKILL')
}
socket.on('close', orphaned)
socket.on('end', orphaned)
socket.on('error', orphaned)
// The terminal sends it to us too; the process that started us decides what it means.
process.on('SIGINT', () => {})

/** What the thread has reported goes out before what it did afterwards. */
function report(): void {
  for (const message of host?.reports() ?? []) send({ kind: 'ledger', message })
}

function handle(message: ToProcess): void {
  switch (message.kind) {
    case 'setup':
      start(message.setup)
      return
    case 'attach':
      attach(message.end, message.index, message.name)
      return
    case 'call':
    case 'answer':
      calls.handle(message)
      return
    default:
      relay.handle(message)
  }
}

function start(setup: ProcessSetup): void {
  host = new ThreadHost(
    {
      ...setup,
      store: { ...setup.store, usage: new StoreUsage().forThread() },
      pool,
      mainBell: bell.memory,
      mainQueue: undefined,
      env: undefined,
      apart: true,
    },
    service,
    (message: LedgerMessage) => send({ kind: 'ledger', message }),
    (_, ending) => void ended(ending),
  )
  relay.add(new CallingEnd(MAIN_END, host.wire, relay, poolWords))
}

function attach(end: number, index: number, name: string): void {
  if (host === undefined) return
  const channel = new SharedArrayBuffer(layout.CHANNEL_BYTES)
  const { port1, port2 } = new MessageChannel()
  const inlet: InletSetup = { index, name, bell: bell.memory, channel, port: port2, queue: undefined }
  void host.control.attach(transfer(inlet, [port2]))
  relay.add(new CallingEnd(end, { index, name, bell: host.bell.memory, channel, port: port1 }, relay, poolWords))
}

/** One after another: who is told of a thread's end has its last replies then. */
let told: Promise<unknown> = Promise.resolve()
const calls = new Calls(
  (message: CallMessage) => {
    report()
    send(message)
  },
  (name, args) => {
    const settled = told.then(() => relay.settled())
    const answer = settled.then(() => {
      if (name === 'detach') relay.remove((end) => end instanceof CallingEnd && end.wire.index === args[0])
      if (name === 'threadGone') relay.remove((end) => end instanceof ServingEnd && end.wire.index === args[0])
      const control = host!.control as unknown as Record<string, (...args: readonly unknown[]) => Promise<unknown>>
      return control[name]!(...args)
    })
    told = settled
    return answer
  },
)

async function connectActor(actorId: number): Promise<Wire | ActorGone> {
  const found = (await calls.call('connectActor', [actorId])) as RelayedWire | ActorGone
  if (!('end' in found) || host === undefined) return found as ActorGone
  const { end, index, name } = found
  const channel = new SharedArrayBuffer(layout.CHANNEL_BYTES)
  const { port1, port2 } = new MessageChannel()
  relay.add(new ServingEnd(end, { index, name, bell: host.bell.memory, channel, port: port2 }, relay, poolWords))
  const wire: Wire = { index, name, bell: bell.memory, channel, port: port1 }
  return transfer(wire, [port1])
}

/** The main thread's services, as the thread here calls them. */
const service = new Proxy(
  {},
  {
    get: (_, name) => (name === 'connectActor' ? connectActor : (...args: readonly unknown[]) => calls.call(String(name), args)),
  },
)

/** The thread has ended: what it sent goes out, and then this process ends too. */
async function ended({ how, cause }: Ending): Promise<void> {
  relay.turn(true)
  report()
  try {
    send({ kind: 'dead', how, cause })
  } catch {
    send({ kind: 'dead', how, cause: new Error(describe(cause)) })
  }
  over = true
  socket.end(() => process.exit())
}
