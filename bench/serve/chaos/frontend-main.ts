/** A frontend in a process of its own, with its state in a folder. Arguments: the folder, the HTTP port, the containers' port. */
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
process.on('message', (message: Partial<Publish>) => {
  const { publish, source, options } = message
  if (publish === undefined) return
  server.publish(publish, Buffer.from(source!), options).then(
    () => process.send?.({ published: publish }),
    (error: Error) => process.send?.({ refused: error.message }),
  )
})
process.once('disconnect', () => void server.close().then(() => process.exit(0)))
process.send?.({ port: server.port })
