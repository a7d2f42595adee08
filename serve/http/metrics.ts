import type { FastifyInstance } from 'fastify'
import type { Source } from './prometheus.js'

/** `GET /metrics` in Prometheus' text format. Its library is loaded when it is first asked for: a server starts sooner without. */
export function metricsApi(app: FastifyInstance, source: Source): void {
  let loading: Promise<ReturnType<typeof import('./prometheus.js')['prometheusOf']>> | undefined
  const doc = { tag: 'Server', summary: "The server's counts in Prometheus' text format; any token will do", answerType: 'text/plain' }
  app.get('/metrics', { config: { access: 'application', doc } }, async (_request, reply) => {
    loading ??= import('./prometheus.js').then(({ prometheusOf }) => prometheusOf(source))
    const prometheus = await loading
    reply.header('content-type', prometheus.contentType)
    return prometheus.metrics()
  })
}
