import { type MetricShape, WORKER_LABEL } from '../control/metric-kinds.js'
import { allMetrics, declared, forwards } from '../control/metrics.js'
import { prometheusText } from '../control/prometheus.js'
import { checkKnown, shown } from './checks.js'
import { invalid } from './errors.js'

type Labels<L extends string> = Readonly<Record<L, string>>

export interface MetricOptions<L extends string> {
  /** Prometheus' help text. The first declaration's counts. */
  readonly description?: string
  /** Names of the labels. Each use gives a value to every one; each combination of values is a series of its own, and is kept. */
  readonly labels?: readonly L[]
}

export interface HistogramOptions<L extends string> extends MetricOptions<L> {
  /** Upper bounds, inclusive and rising; one up to infinity is added. */
  readonly buckets: readonly number[]
}

/** Something that only grows. */
export interface Counter<L extends string = never> {
  /** `value` is at least 0, default 1. */
  inc(value?: number, labels?: Labels<L>): void
}

/** Something that goes up and down. */
export interface Gauge<L extends string = never> {
  set(value: number, labels?: Labels<L>): void
  inc(value?: number, labels?: Labels<L>): void
  dec(value?: number, labels?: Labels<L>): void
}

/** How a quantity is distributed. */
export interface Histogram<L extends string = never> {
  observe(value: number, labels?: Labels<L>): void
}

/**
 * Metrics of one's own, counted anywhere and read on the driver. (Ray: `ray.util.metrics`.)
 *
 *     const episodes = metrics.counter('episodes_total', { description: 'Episodes played', labels: ['env'] })
 *     episodes.inc(1, { env: 'CartPole-v1' })
 *     console.log(await metrics.text())
 *
 * In a task or actor the same calls add up in its thread and reach the driver within some 100 ms. There counters and
 * histograms of all threads are summed; a gauge set in a worker is a series of its own, with the label `workerId`.
 * To declare a name again gives the same metric; if the kind, the labels or the buckets differ, it throws.
 */
export const metrics = {
  counter<const L extends string = never>(name: string, options: MetricOptions<L> = {}): Counter<L> {
    checkKnown('metrics.counter', options, ['description', 'labels'])
    return declared({ ...shapeOf('metrics.counter', name, options), kind: 'counter' }, options.description)
  },

  gauge<const L extends string = never>(name: string, options: MetricOptions<L> = {}): Gauge<L> {
    checkKnown('metrics.gauge', options, ['description', 'labels'])
    return declared({ ...shapeOf('metrics.gauge', name, options), kind: 'gauge' }, options.description)
  },

  histogram<const L extends string = never>(name: string, options: HistogramOptions<L>): Histogram<L> {
    checkKnown('metrics.histogram', options, ['description', 'labels', 'buckets'])
    const { buckets } = options
    const rising = Array.isArray(buckets) && buckets.every((bound, i) => Number.isFinite(bound) && (i === 0 || bound > buckets[i - 1]!))
    if (!rising || buckets.length === 0)
      throw invalid(`metrics.histogram: buckets of '${name}' must be a list of rising finite numbers, not ${listed(buckets)}`)
    const shape = shapeOf('metrics.histogram', name, options)
    if (shape.labels.includes('le')) throw invalid(`metrics.histogram: '${name}' cannot have the label 'le', which names its buckets`)
    return declared({ ...shape, kind: 'histogram', buckets: [...buckets] }, options.description)
  },

  /**
   * All metrics in Prometheus' text format, what workers have sent included. `process`: also Node's own, such as memory and
   * event loop lag. Throws in a worker: its numbers are the driver's.
   */
  async text(options: { readonly process?: boolean } = {}): Promise<string> {
    checkKnown('metrics.text', options, ['process'])
    if (forwards()) throw invalid('metrics.text: the numbers of all threads are on the driver; call it there')
    return await prometheusText(allMetrics(), options.process ?? false)
  },
}

function shapeOf(caller: string, name: string, { description, labels = [] }: MetricOptions<string>): Omit<MetricShape, 'kind'> {
  if (typeof name !== 'string' || !/^[a-zA-Z_:][\w:]*$/.test(name))
    throw invalid(`${caller}: a name has letters, digits, _ and :, and no digit first; not ${shown(name)}`)
  if (description !== undefined && typeof description !== 'string')
    throw invalid(`${caller}: the description of '${name}' must be a string, not ${shown(description)}`)
  if (!Array.isArray(labels)) throw invalid(`${caller}: labels of '${name}' must be a list of names, not ${shown(labels)}`)
  for (const [i, label] of labels.entries()) {
    if (typeof label !== 'string' || !/^[a-zA-Z_]\w*$/.test(label) || label.startsWith('__'))
      throw invalid(`${caller}: a label has letters, digits and _, no digit first and not __; not ${shown(label)}`)
    if (label === WORKER_LABEL) throw invalid(`${caller}: the label '${WORKER_LABEL}' is set by the runtime`)
    if (labels.indexOf(label) < i) throw invalid(`${caller}: '${name}' has the label '${label}' twice`)
  }
  return { name, labels: [...labels].sort(), buckets: [] }
}

function listed(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(String).join(', ')}]` : shown(value)
}
