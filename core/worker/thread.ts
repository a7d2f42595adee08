/** What a worker thread runs: sets itself up, then takes requests until it is ended. */
import { workerData } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { setEngine } from '../engine/current.js'
import { Executor } from './executor.js'
import { STDERR, STDOUT } from './layout.js'
import { WorkerLoop } from './loop.js'
import type { WorkerControl, WorkerData } from './messages.js'
import { NestedEngine } from './nested-engine.js'
import { ReplySender } from './reply-sender.js'

const data = workerData as WorkerData
const replies = new ReplySender(data)

/** Node's own streams need this thread's event loop to turn, which it does not while it works or sleeps; the ring does not. */
function redirect(stream: NodeJS.WriteStream, kind: number): void {
  const write = (chunk: string | Uint8Array, encoding?: unknown, callback?: unknown): boolean => {
    replies.text(kind, typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
    const done = typeof encoding === 'function' ? encoding : callback
    if (typeof done === 'function') queueMicrotask(() => done())
    return true
  }
  stream.write = write as typeof stream.write
}
redirect(process.stdout, STDOUT)
redirect(process.stderr, STDERR)

// Node calls the loader of shipped functions experimental, once a worker; who wrote the function cannot help it.
const { emitWarning } = process
process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
  if (!String(warning).includes('USE_MAIN_CONTEXT_DEFAULT_LOADER')) emitWarning.call(process, warning, ...rest)
}) as typeof process.emitWarning

// A promise that nobody awaits is reported and costs nobody else their worker.
process.on('unhandledRejection', (reason) => {
  console.error('Unhandled rejection in a task:', reason)
})

const nested = new NestedEngine(data.workerId, data.actorId)
setEngine(nested)
const executor = new Executor(data, replies, nested, () => loop.resume())
const loop = new WorkerLoop(new Int32Array(data.channel), executor)

const control: WorkerControl = {
  ready: () => true,
  abort: (taskId) => executor.running.get(taskId)?.abort(),
}
expose(control, nodeEndpoint(data.controlPort))
data.controlPort.on('message', () => loop.controlHandled())
loop.start()
