import type { Gauge, Registry } from 'prom-client'
import { GaugeMetric, type Metric, WORKER_LABEL } from './metric-kinds.js'

interface Sample {
  readonly metricName?: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

function* samplesOf(metric: Metric): Generator<Sample> {
  const { name, kind, labels: names, buckets } = metric.shape
  const labelled = (values: readonly string[]) => Object.fromEntries(names.map((label, i) => [label, values[i]!]))
  for (const { labelValues, value, counts, listed } of metric.all) {
    const labels = labelled(labelValues)
    if (counts === undefined) {
      // A gauge that was never set here says nothing.
      if (kind === 'counter' || listed) yield { labels, value }
      continue
    }
    let below = 0
    for (const [i, count] of counts.entries()) {
      below += count
      yield { metricName: `${name}_bucket`, labels: { ...labels, le: i < buckets.length ? String(buckets[i]) : '+Inf' }, value: below }
    }
    yield { metricName: `${name}_sum`, labels, value }
    yield { metricName: `${name}_count`, labels, value: below }
  }
  if (!(metric instanceof GaugeMetric)) return
  for (const [workerId, series] of metric.ofWorkers) {
    for (const { labelValues, value } of series.values()) yield { labels: { ...labelled(labelValues), [WORKER_LABEL]: workerId }, value }
  }
}

/** A metric as prom-client's registry wants it: it asks `getForPromString`, and so never counts itself. */
function register(metric: Metric, registry: Registry, PromGauge: typeof Gauge): void {
  const { name, kind } = metric.shape
  const help = metric.description ?? name
  const reading = new PromGauge({ name, help, registers: [registry] })
  Object.assign(reading, { getForPromString: async () => ({ name, help, type: kind, values: [...samplesOf(metric)] }) })
}

let ofProcess: Registry | undefined

/** The metrics in Prometheus' text format; with `includeProcess` also Node's own: memory, CPU, event loop, garbage collection. */
export async function prometheusText(metrics: Iterable<Metric>, includeProcess: boolean): Promise<string> {
  // Loaded when it is needed: workers count, but never write.
  const { collectDefaultMetrics, Gauge: PromGauge, Registry: PromRegistry } = await import('prom-client')
  const registry = new PromRegistry()
  for (const metric of metrics) register(metric, registry, PromGauge)
  const text = await registry.metrics()
  if (!includeProcess) return text
  if (ofProcess === undefined) {
    ofProcess = new PromRegistry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return `${text}\n${await ofProcess.metrics()}`
}
