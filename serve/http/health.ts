import type { FastifyInstance } from 'fastify'
import type { Registry } from '../registry/registry.js'
import type { SharedState } from '../state/state.js'
import type { RouteDoc } from './route.js'

const doc = (summary: string, answer: RouteDoc['answer']): { access: 'open'; doc: RouteDoc } => ({
  access: 'open',
  doc: { tag: 'Open Inference v2', summary, answer },
})
const FLAG = { type: 'boolean' }

/**
 * Open Inference's health: live while it answers; ready while every model's current version has a container that is up, and the server
 * is not about to close, so that a balancer sends its queries elsewhere. A shared state that is away is told, but keeps nobody from being
 * answered. Nobody needs a token for these.
 */
export function healthRoutes(v2: FastifyInstance, registry: Registry, draining: () => boolean, shared?: SharedState): void {
  const live = { type: 'object', properties: { live: FLAG } }
  v2.get('/health/live', { config: doc('Whether the server answers', live) }, async () => ({ live: true }))
  const properties = { ready: FLAG, waiting: { type: 'array', items: { type: 'string' } }, state: { type: 'string' } }
  const ready = { type: 'object', properties }
  v2.get('/health/ready', { config: doc('Whether it can be sent queries; 503 while not', ready) }, async (_request, reply) => {
    const waiting = [...registry.models.values()].filter(({ current }) => !current.dispatcher.ready).map(({ name }) => name)
    const isReady = waiting.length === 0 && !draining()
    if (!isReady) reply.code(503)
    const trouble = shared?.trouble
    return {
      ready: isReady,
      ...(waiting.length > 0 && { waiting }),
      ...(draining() && { draining: true }),
      ...(trouble !== undefined && { state: trouble }),
    }
  })
}
