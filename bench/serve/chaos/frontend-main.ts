/** A frontend in a process of its own, with its state in a folder. Arguments: the folder, the HTTP port, the containers' port. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type PublishOptions, serve } from 'gymnura/serve'
import { leanHeap } from '../../../bin/lean-heap.js'

/** What can be published by the program that serves alone, not over HTTP. */
export interface Publish {
  readonly publish: string
  readonly source: string
  readonly options: PublishOptions
}

/** How far ahead its wall clock is to be. */
export interface ClockMessage {
  readonly aheadMs: number
}

/** Garbage is to be collected; the answer says what is left, bytes. */
export interface CollectMessage {
  readonly collect: true
}

function inUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

const [folder, port, containerPort] = process.argv.slice(2)
// As `gymnura serve` does.
leanHeap()
const server = await serve({
  port: Number(port),
  state: `file:${folder}`,
  allow: ['function', 'python'],
  containers: { port: Number(containerPort) },
  logLevel: process.env.GYMNURA_CHAOS_LOG === undefined ? 'silent' : 'error',
})
process.on('message', (message: Partial<Publish & CollectMessage>) => {
  const { publish, source, options, collect } = message
  if (collect) process.send?.({ inUse: inUse() })
  if (publish === undefined) return
  server.publish(publish, Buffer.from(source!), options).then(
    () => process.send?.({ published: publish }),
    (error: Error) => process.send?.({ refused: error.message }),
  )
})
process.once('disconnect', () => void server.close().then(() => process.exit(0)))
process.send?.({ port: server.port })
