import { Counter, Gauge, Histogram, Registry as Prometheus } from 'prom-client'
import type { Dispatcher } from '../batching/dispatcher.js'
import type { PredictionCache } from '../query/cache.js'
import type { Application } from '../registry/application.js'
import type { Registry } from '../registry/registry.js'
import type { SharedState } from '../state/state.js'
import type { RequestsSeen } from './requests-seen.js'

type Labels = Readonly<Record<string, string>>
type Reading = readonly [labels: Labels, value: number]

export interface Source {
  readonly registry: Registry
  readonly cache: PredictionCache
  readonly seen: RequestsSeen
  readonly shared?: SharedState
}

const LATENCY = 'gymnura_predict_latency_seconds'
const LATENCY_HELP = 'From a parsed request to its answer, queue and model included'

/** Histograms are kept in plain arrays where queries are counted; this one reads them when it is scraped. */
class LatencyHistogram extends Histogram<'application' | 'le'> {
  #applications: () => Iterable<Application> = () => []

  static of(prometheus: Prometheus, applications: () => Iterable<Application>): void {
    const histogram = new LatencyHistogram({ name: LATENCY, help: LATENCY_HELP, labelNames: ['application'], registers: [prometheus] })
    histogram.#applications = applications
  }

  /** What prom-client asks for when it writes the text format. */
  async getForPromString() {
    const values = []
    for (const { name, latencies } of this.#applications()) {
      const labels = { application: name }
      for (const [edgeMs, count] of latencies.cumulative()) {
        values.push({ labels: { ...labels, le: edgeMs / 1000 }, value: count, metricName: `${LATENCY}_bucket` })
      }
      values.push({ labels: { ...labels, le: '+Inf' }, value: latencies.count, metricName: `${LATENCY}_bucket` })
      values.push({ labels, value: latencies.sumMs / 1000, metricName: `${LATENCY}_sum` })
      values.push({ labels, value: latencies.count, metricName: `${LATENCY}_count` })
    }
    return { name: LATENCY, help: LATENCY_HELP, type: 'histogram', values }
  }
}

function* perApplication({ registry }: Source, read: (application: Application) => Iterable<Reading>): Generator<Reading> {
  for (const application of registry.applications.values()) {
    for (const [labels, value] of read(application)) yield [{ application: application.name, ...labels }, value]
  }
}

function* perVersion({ registry }: Source, read: (dispatcher: Dispatcher) => Iterable<Reading>): Generator<Reading> {
  for (const { versions } of registry.models.values()) {
    for (const { name, version, dispatcher } of versions.values()) {
      for (const [labels, value] of read(dispatcher)) yield [{ model: name, version, ...labels }, value]
    }
  }
}

const itemsOf = (sizes: ReadonlyMap<number, number>) => [...sizes].reduce((sum, [size, count]) => sum + size * count, 0)
const batchesOf = (sizes: ReadonlyMap<number, number>) => [...sizes.values()].reduce((sum, count) => sum + count, 0)

/** Every metric: name, help, labels, and how it is read from what the tier counts anyway. */
function declare(prometheus: Prometheus, source: Source): void {
  const { cache, seen, shared } = source
  const collected =
    (Metric: typeof Counter | typeof Gauge) => (name: string, help: string, labelNames: string[], read: () => Iterable<Reading>) => {
      new Metric({
        name,
        help,
        labelNames,
        registers: [prometheus],
        collect() {
          this.reset()
          for (const [labels, value] of read()) this.inc(labels, value)
        },
      })
    }
  const counter = collected(Counter)
  const gauge = collected(Gauge)
  const model = ['model', 'version']
  counter('gymnura_http_requests_total', 'HTTP requests answered', ['method', 'route', 'status'], () => seen.readings())
  counter('gymnura_queries_total', 'Queries answered', ['application'], () => perApplication(source, ({ queries }) => [[{}, queries]]))
  counter('gymnura_default_answers_total', 'Queries answered with the default output', ['application', 'reason'], () =>
    perApplication(source, ({ defaults }) => Object.entries(defaults).map(([reason, count]) => [{ reason }, count])),
  )
  counter('gymnura_shed_queries_total', 'Queries turned away because there were too many', ['application'], () =>
    perApplication(source, ({ shed }) => [[{}, shed]]),
  )
  const arm = ['application', 'arm']
  counter('gymnura_arm_queries_total', 'Queries that asked a linked model', arm, () =>
    perApplication(source, ({ arms, tallies }) => arms.map(({ name }, i) => [{ arm: name }, tallies[i]!.queries])),
  )
  counter('gymnura_arm_feedback_total', "Feedback on a linked model's answers", arm, () =>
    perApplication(source, ({ arms, tallies }) => arms.map(({ name }, i) => [{ arm: name }, tallies[i]!.feedback])),
  )
  counter('gymnura_arm_reward_total', 'Sum of its rewards, each 0 to 1', arm, () =>
    perApplication(source, ({ arms, tallies }) => arms.map(({ name }, i) => [{ arm: name }, tallies[i]!.feedback - tallies[i]!.losses])),
  )
  counter('gymnura_cache_hits_total', 'Queries answered from the cache', [], () => [[{}, cache.hits]])
  counter('gymnura_cache_misses_total', 'Queries not in the cache', [], () => [[{}, cache.misses]])
  counter('gymnura_cache_joins_total', 'Misses that joined an equal query in flight', [], () => [[{}, cache.joins]])
  if (shared !== undefined) {
    gauge('gymnura_state_up', '1 while the state that servers share can be reached', [], () => [[{}, shared.trouble === undefined ? 1 : 0]])
    counter('gymnura_cache_shared_hits_total', "Misses that another server's prediction was found for", [], () => [[{}, cache.sharedHits]])
  }
  gauge('gymnura_cache_bytes', 'Size of the cache', [], () => [[{}, cache.bytes]])
  gauge('gymnura_cache_entries', 'Predictions in the cache', [], () => [[{}, cache.entries]])
  counter('gymnura_batches_total', 'Batches sent to containers', model, () => perVersion(source, (d) => [[{}, batchesOf(d.batchSizes)]]))
  counter('gymnura_batch_items_total', 'Inputs sent to containers', model, () => perVersion(source, (d) => [[{}, itemsOf(d.batchSizes)]]))
  counter('gymnura_retried_items_total', 'Inputs sent again after a container was lost', model, () =>
    perVersion(source, (d) => [[{}, d.retried]]),
  )
  counter('gymnura_refused_items_total', 'Inputs that found the queue full', model, () => perVersion(source, (d) => [[{}, d.refused]]))
  gauge('gymnura_queued_items', 'Inputs that wait for a batch', model, () => perVersion(source, (d) => [[{}, d.queued]]))
  const replica = [...model, 'replica']
  gauge('gymnura_max_batch', 'The batch size limit that adaptive batching has found', replica, () =>
    perVersion(source, (d) => d.replicas.map(({ maxBatch }, i) => [{ replica: String(i) }, maxBatch])),
  )
  gauge('gymnura_container_up', '1 while the container is ready', replica, () =>
    perVersion(source, (d) => d.replicas.map(({ ready }, i) => [{ replica: String(i) }, ready ? 1 : 0])),
  )
  counter('gymnura_container_restarts_total', 'How often the container was started again', replica, () =>
    perVersion(source, (d) => d.replicas.map(({ restarts }, i) => [{ replica: String(i) }, restarts])),
  )
  LatencyHistogram.of(prometheus, () => source.registry.applications.values())
}

/** A Prometheus registry over what the tier counts; nothing is computed until it is read. */
export function prometheusOf(source: Source): Prometheus {
  const prometheus = new Prometheus()
  declare(prometheus, source)
  return prometheus
}
