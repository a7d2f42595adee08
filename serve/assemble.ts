import { writeSync } from 'node:fs'
import pino from 'pino'
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
import { eventsApi } from './http/streams/events.js'
import { tfServingApi } from './http/tf-serving/tf-serving.js'
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

const STDERR = 2

/** A full disk, or a reader that left, must not end the serving: the line is lost. */
function writeLog(line: string): void {
  try {
    writeSync(STDERR, line)
  } catch {
    // There is nowhere to say so.
  }
}

export type Parts = ReturnType<typeof assemble>

/** The parts of a server, put together; nothing runs yet. */
export function assemble(settings: ServeSettings, state: State, roots: ModelRoots, draining: () => boolean) {
  const log = pino({ level: settings.logLevel, name: 'gymnura' }, { write: writeLog })
  const ledger = new Ledger(state)
  const registry = new Registry(state, ledger)
  const changes = new Changes(ledger)
  const cache = new PredictionCache(settings.cacheBytes, settings.sharedCache ? state.shared?.predictions : undefined)
  const desk = new FeedbackDesk(state, cache)
  const path = new QueryPath(cache, state, desk, log)
  const listener = new ContainerListener(settings.containers.host, settings.containers.port)
  const publisher = new Publisher({ registry, ledger, changes, state, listener, sink: cache, log, allowed: settings.allow })
  state.shared?.listen(sharing({ ledger, registry, desk, log }))
  const app = httpApp(log, settings.tls)
  settings.cors.install(app)
  const { gate, cors, tokens } = settings
  const tokenDesk = new TokenDesk(ledger, tokens, gate)
  const book = new RouteBook(app)
  guard(app, gate)
  clipperApi(app, registry, path, desk)
  adminApi(app, { registry, changes, publisher, roots, tokenDesk })
  openInferenceApi(app, { registry, changes, publisher, roots, draining, shared: state.shared })
  tfServingApi(app, registry)
  eventsApi(app, { registry, path, gate })
  controlApi(app, { registry, path, desk, gate, cors })
  metricsApi(app, { registry, cache, shared: state.shared })
  openApi(app, book, gate)
  return { app, ledger, registry, changes, tokenDesk, publisher, cache, listener, log, state }
}
