/** The process of serving.ts: serves what it is sent until its parent leaves. */
import fastify from 'fastify'
import { serve } from 'gymnura/serve'
import { type Profiling, startProfile } from './profile.js'
import type { Served } from './serving.js'

/** Distinct inputs are wanted: nothing is to be found in the cache. */
const CACHE_BYTES = 0

async function start({ models, application, server: options }: Served): Promise<void> {
  const server = await serve({ port: 0, cacheBytes: CACHE_BYTES, allow: ['function', 'python'], logLevel: 'error', ...options })
  await server.registerApplication({ name: 'app', ...application })
  for (const { name, source, options } of models) {
    await server.publish(name, source, { application: false, ...options })
    await server.link('app', name)
  }
  process.on('message', (message) => {
    if (message !== 'report') return
    const [first] = server.metrics().models
    const sizes = Object.entries(first?.batchSizes ?? {}).map(([size, count]) => [Number(size), count])
    const batches = sizes.reduce((sum, [, count]) => sum + count!, 0)
    const items = sizes.reduce((sum, [size, count]) => sum + size! * count!, 0)
    const { maxBatch = 0, pid } = first?.replicas[0] ?? {}
    process.send?.({ maxBatch, meanBatch: batches === 0 ? 0 : items / batches, pid })
  })
  process.on('disconnect', () => void server.close().then(() => process.exit(0)))
  process.send?.(server.port)
}

/** The floor: what the HTTP framework does alone. */
async function echo(): Promise<void> {
  const app = fastify()
  app.post('/app/predict', async () => ({ query_id: 1, output: 0, default: false }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  process.on('message', (message) => void (message === 'report' && process.send?.({ maxBatch: 0, meanBatch: 0 })))
  process.on('disconnect', () => process.exit(0))
  process.send?.((app.server.address() as { port: number }).port)
}

let profiling: Profiling | undefined

process.on('message', async (message) => {
  if (message === 'profile') profiling = await startProfile()
  else if (message === 'end of profile') process.send?.(await profiling?.stop())
})

process.once('message', (served: Served | 'echo') => void (served === 'echo' ? echo() : start(served)))
