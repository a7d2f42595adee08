import { ContainerListener } from './containers/listener.js'
import { adminApi } from './http/admin/admin.js'
import { httpApp } from './http/app.js'
import { clipperApi } from './http/clipper.js'
import { guard } from './http/guard.js'
import { metricsApi } from './http/metrics.js'
import { openInferenceApi } from './http/open-inference/open-inference.js'
import { openApi } from './http/openapi/openapi.js'
import { RouteBook } from './http/openapi/route-book.js'
import { controlApi } from './http/streams/control.js'
import { eventStreams } from './http/streams/event-stream.js'
import { eventsApi } from './http/streams/events.js'
import { tfServingApi } from './http/tf-serving/tf-serving.js'
import { makeLog } from './log/log.js'
import { readMetrics } from './metrics.js'
import { PredictionCache } from './query/cache.js'
import { FeedbackDesk } from './query/feedback.js'
import { QueryPath } from './query/query-path.js'
import { Changes } from './registry/changes.js'
import { Ledger } from './registry/ledger.js'
import type { ModelRoots } from './registry/model-roots.js'
import { Publisher } from './registry/publisher.js'
import { Registry } from './registry/registry.js'
import { TokenDesk } from './security/token-desk.js'
import type { ServeSettings } from './serve-options.js'
import { sharing } from './sharing.js'
import type { State } from './state/state.js'

export type Parts = ReturnType<typeof assemble>

/** The parts of a server, put together; nothing runs yet. */
export function assemble(settings: ServeSettings, state: State, roots: ModelRoots, draining: () => boolean) {
  const { log, book: logBook } = makeLog(settings.logLevel, settings.writeLog)
  const ledger = new Ledger(state)
  const registry = new Registry(state, ledger)
  const changes = new Changes(ledger)
  const cache = new PredictionCache(settings.cacheBytes, settings.sharedCache ? state.shared?.predictions : undefined)
  const startedAt = performance.now()
  const metrics = () => readMetrics(registry, cache, startedAt)
  const desk = new FeedbackDesk(state, cache)
  const path = new QueryPath(cache, state, desk, log)
  const listener = new ContainerListener(settings.containers.host, settings.containers.port)
  const publisher = new Publisher({ registry, ledger, changes, state, listener, sink: cache, log, allowed: settings.allow })
  state.shared?.listen(sharing({ ledger, registry, desk, log }))
  const { app, seen } = httpApp(log, settings.tls, settings.limits)
  settings.cors.install(app)
  const { gate, cors, tokens, limits } = settings
  const tokenDesk = new TokenDesk(ledger, tokens, gate)
  const book = new RouteBook(app)
  guard(app, gate)
  const openStream = eventStreams(app, seen, gate)
  clipperApi(app, { registry, path, desk, limits })
  adminApi(app, { registry, changes, publisher, roots, tokenDesk, metrics, logBook, openStream })
  openInferenceApi(app, { registry, changes, publisher, roots, limits, draining, shared: state.shared })
  tfServingApi(app, registry, limits)
  eventsApi(app, { registry, path, limits, openStream })
  controlApi(app, { registry, path, desk, gate, cors, limits })
  metricsApi(app, { registry, cache, seen, shared: state.shared })
  openApi(app, book, gate)
  return { app, ledger, registry, changes, tokenDesk, publisher, metrics, listener, log, state }
}
