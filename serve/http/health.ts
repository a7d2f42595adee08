import type { FastifyInstance } from 'fastify'
import type { Registry } from '../registry/registry.js'

/** Open Inference's health: live while it answers, ready while every model's current version has a container that is up. */
export function healthApi(app: FastifyInstance, registry: Registry): void {
  app.get('/v2/health/live', async () => ({ live: true }))
  app.get('/v2/health/ready', async (_request, reply) => {
    const waiting = [...registry.models.values()].filter(({ current }) => !current.dispatcher.ready).map(({ name }) => name)
    if (waiting.length > 0) reply.code(503)
    return { ready: waiting.length === 0, ...(waiting.length > 0 && { waiting }) }
  })
}
