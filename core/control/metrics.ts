import { invalid } from '../api/errors.js'
import {
  CounterMetric,
  describeShape,
  GaugeMetric,
  HistogramMetric,
  type Metric,
  type MetricKind,
  type MetricShape,
  type Series,
} from './metric-kinds.js'

/** What one metric counted in a worker since its last batch; of a gauge, what it stands at. Plain data, fit to be sent. */
interface MetricReport extends MetricShape {
  readonly description: string | undefined
  readonly series: readonly {
    readonly labelValues: readonly string[]
    readonly value: number
    readonly counts: Float64Array | undefined
  }[]
}
export type MetricsBatch = readonly MetricReport[]

/** From a worker's first change to its batch: so there are at most ten a second, and none when nothing changes. */
const BATCH_MS = 100

const table = new Map<string, Metric>()
/** The series of the next batch. Of no use on the driver, where each gets into it once. */
let listed: Series[] = []
let forward: ((batch: MetricsBatch) => void) | undefined
let timer: NodeJS.Timeout | undefined
/** Names of which was said that workers declare them otherwise. */
const warned = new Set<string>()

function list(series: Series): void {
  series.listed = true
  listed.push(series)
  schedule()
}

/** The timer holds the thread's event loop, so that a worker does not go to sleep in Atomics.wait on a batch. */
function schedule(): void {
  if (forward !== undefined && timer === undefined && listed.length > 0) timer = setTimeout(flushMetrics, BATCH_MS)
}

/** Where this thread's numbers go: set in workers, to what brings a batch to the driver's `absorb`. Without it they stay here. */
export function setForward(send: ((batch: MetricsBatch) => void) | undefined): void {
  forward = send
  clearTimeout(timer)
  timer = undefined
  schedule()
}

/** Whether this thread sends its numbers elsewhere. */
export function forwards(): boolean {
  return forward !== undefined
}

/** Sends what has changed now, as a worker does before it ends. */
export function flushMetrics(): void {
  clearTimeout(timer)
  timer = undefined
  if (forward === undefined || listed.length === 0) return
  const reports = new Map<Metric, { labelValues: readonly string[]; value: number; counts: Float64Array | undefined }[]>()
  for (const series of listed) {
    const { metric, labelValues, value, counts } = series
    const ofMetric = reports.get(metric) ?? []
    reports.set(metric, ofMetric)
    ofMetric.push({ labelValues, value, counts: counts?.slice() })
    series.listed = false
    if (metric.shape.kind !== 'gauge') series.value = 0
    counts?.fill(0)
  }
  listed = []
  forward([...reports].map(([{ shape, description }, series]) => ({ ...shape, description, series })))
}

/** Adds a worker's batch to this thread's numbers: counters and histograms are summed, a gauge is kept for each worker. */
export function absorb(batch: MetricsBatch, workerId: string): void {
  for (const { name, kind, labels, buckets, description, series } of batch) {
    const shape = { name, kind, labels, buckets }
    const metric = known(shape) ?? declare(shape, description)
    if (!sameShape(metric.shape, shape)) {
      // The worker's code was let through, since it could not know; what it counted would make no sense here.
      if (!warned.has(name)) process.emitWarning(`${conflict(metric.shape, shape)} in ${workerId}, whose numbers are left out`)
      warned.add(name)
      continue
    }
    for (const { labelValues, value, counts } of series) metric.absorb(labelValues, value, counts, workerId)
  }
}

/** A worker has ended: its gauges say nothing any more. What it counted stays. */
export function forgetWorker(workerId: string): void {
  for (const metric of table.values()) if (metric instanceof GaugeMetric) metric.ofWorkers.delete(workerId)
}

/** All metrics of this thread and those absorbed, in the order of their declaration. */
export function allMetrics(): Iterable<Metric> {
  return table.values()
}

const kinds = { counter: CounterMetric, gauge: GaugeMetric, histogram: HistogramMetric }

/** The metric of that name: made, or the one that is there, if its shape is the same. Throws if it is another. */
export function declared<K extends MetricKind>(
  shape: MetricShape & { readonly kind: K },
  description: string | undefined,
): InstanceType<(typeof kinds)[K]> {
  const metric = known(shape) ?? declare(shape, description)
  if (!sameShape(metric.shape, shape)) throw invalid(`${conflict(metric.shape, shape)}; give one of them another name`)
  return metric as InstanceType<(typeof kinds)[K]>
}

function known({ name }: MetricShape): Metric | undefined {
  return table.get(name)
}

function declare(shape: MetricShape, description: string | undefined): Metric {
  const metric = new kinds[shape.kind](shape, description, list)
  table.set(shape.name, metric)
  return metric
}

function sameShape(a: MetricShape, b: MetricShape): boolean {
  return describeShape(a) === describeShape(b)
}

function conflict(first: MetricShape, second: MetricShape): string {
  return `metrics: ${describeShape(first)} was declared again as ${describeShape(second)}`
}
