import { shown } from '../api/checks.js'
import { invalid } from '../api/errors.js'

export type MetricKind = 'counter' | 'gauge' | 'histogram'
export type LabelValues = Readonly<Record<string, string>>

/** What makes two declarations of a name the same metric. */
export interface MetricShape {
  readonly name: string
  readonly kind: MetricKind
  /** Sorted: their order says nothing. */
  readonly labels: readonly string[]
  /** A histogram's upper bounds, rising; the last bucket, up to infinity, is not among them. */
  readonly buckets: readonly number[]
}

/** The label that tells the gauges of workers apart. */
export const WORKER_LABEL = 'workerId'

/** The numbers of one combination of label values. */
export class Series {
  /** A counter's sum, a gauge's value, the sum of what a histogram saw. In a worker what came since the last batch, but for gauges. */
  value = 0
  /** How many observations fell into each bucket; of histograms only. */
  readonly counts: Float64Array | undefined
  /** Is among the series of the next batch. */
  listed = false

  constructor(
    readonly metric: Metric,
    /** In the order of the metric's labels. */
    readonly labelValues: readonly string[],
  ) {
    const { kind, buckets } = metric.shape
    this.counts = kind === 'histogram' ? new Float64Array(buckets.length + 1) : undefined
  }
}

type Branch = Map<string, Branch | Series>

/**
 * A metric of this thread. Counting is made for loops: without labels it is a few additions, with labels a Map for each
 * label, from its value to the next; no text is joined and nothing is allocated once a series is there.
 */
export class Metric {
  readonly all: Series[] = []
  private readonly tree: Branch = new Map()
  /** The one series of a metric without labels. */
  private readonly only: Series | undefined

  constructor(
    readonly shape: MetricShape,
    readonly description: string | undefined,
    /** Called when a series that is not listed has changed. */
    private readonly changed: (series: Series) => void,
  ) {
    if (shape.labels.length > 0) return
    this.only = this.add([])
    // From here on it is shown as 0, so that a rate can be computed over its first increase.
    if (shape.kind !== 'gauge') this.touch(this.only)
  }

  protected at(labels: LabelValues | undefined): Series {
    if (labels === undefined && this.only !== undefined) return this.only
    const names = this.shape.labels
    let found: Branch | Series | undefined = this.only ?? this.tree
    if (labels !== undefined)
      for (let i = 0; i < names.length && found !== undefined; i++) found = (found as Branch).get(labels[names[i]!]!)
    let given = 0
    for (const _ in labels) given++
    if (found instanceof Series && given === names.length) return found
    return this.withValues(this.check(labels))
  }

  /** The series with these values, made if it is not there. */
  withValues(values: readonly string[]): Series {
    if (this.only !== undefined) return this.only
    let branch = this.tree
    const last = values.length - 1
    for (let i = 0; i < last; i++) {
      let next = branch.get(values[i]!) as Branch | undefined
      if (next === undefined) {
        next = new Map()
        branch.set(values[i]!, next)
      }
      branch = next
    }
    let series = branch.get(values[last]!) as Series | undefined
    if (series === undefined) {
      series = this.add(values)
      branch.set(values[last]!, series)
    }
    return series
  }

  protected touch(series: Series): void {
    if (!series.listed) this.changed(series)
  }

  /** Adds what another thread counted. */
  absorb(labelValues: readonly string[], value: number, counts: ArrayLike<number> | undefined, _workerId: string): void {
    const series = this.withValues(labelValues)
    series.value += value
    for (let i = 0; i < (counts?.length ?? 0); i++) series.counts![i]! += counts![i]!
    this.touch(series)
  }

  protected refuse(value: unknown, expected: string): never {
    throw invalid(`metrics: ${describeShape(this.shape)} was given ${shown(value)}; expected ${expected}`)
  }

  private add(values: readonly string[]): Series {
    const series = new Series(this, values)
    this.all.push(series)
    return series
  }

  private check(labels: LabelValues | undefined): string[] {
    const names = this.shape.labels
    const given = Object.keys(labels ?? {})
    const strange = given.filter((name) => !names.includes(name))
    const missing = names.filter((name) => !given.includes(name))
    const wrong = [...missing.map((name) => `'${name}' is missing`), ...strange.map((name) => `'${name}' is not one of its labels`)]
    if (wrong.length > 0) throw invalid(`metrics: ${describeShape(this.shape)}: ${wrong.join(', ')}`)
    return names.map((name) => {
      const value: unknown = labels?.[name]
      if (typeof value === 'string') return value
      throw invalid(`metrics: ${describeShape(this.shape)}: label '${name}' must be a string, not ${shown(value)}`)
    })
  }
}

export class CounterMetric extends Metric {
  inc(value = 1, labels?: LabelValues): void {
    if (typeof value !== 'number' || !(value >= 0 && value < Infinity)) this.refuse(value, 'an increase, a number of at least 0')
    const series = this.at(labels)
    series.value += value
    if (!series.listed) this.touch(series)
  }
}

export class GaugeMetric extends Metric {
  /** By worker, then by label values: a worker's value stands beside the others', and is not added to them. */
  readonly ofWorkers = new Map<string, Map<string, { readonly labelValues: readonly string[]; value: number }>>()

  set(value: number, labels?: LabelValues): void {
    if (typeof value !== 'number') this.refuse(value, 'a number')
    const series = this.at(labels)
    series.value = value
    if (!series.listed) this.touch(series)
  }

  inc(value = 1, labels?: LabelValues): void {
    if (typeof value !== 'number') this.refuse(value, 'a number')
    const series = this.at(labels)
    series.value += value
    if (!series.listed) this.touch(series)
  }

  dec(value = 1, labels?: LabelValues): void {
    this.inc(-value, labels)
  }

  override absorb(labelValues: readonly string[], value: number, _counts: unknown, workerId: string): void {
    let mine = this.ofWorkers.get(workerId)
    if (mine === undefined) {
      mine = new Map()
      this.ofWorkers.set(workerId, mine)
    }
    mine.set(JSON.stringify(labelValues), { labelValues, value })
  }
}

export class HistogramMetric extends Metric {
  observe(value: number, labels?: LabelValues): void {
    if (typeof value !== 'number' || Number.isNaN(value)) this.refuse(value, 'a number')
    const series = this.at(labels)
    const { buckets } = this.shape
    let bucket = 0
    while (bucket < buckets.length && value > buckets[bucket]!) bucket++
    series.counts![bucket]!++
    series.value += value
    if (!series.listed) this.touch(series)
  }
}

/** A shape in words: `counter 'requests' with labels method, route`. */
export function describeShape({ kind, name, labels, buckets }: MetricShape): string {
  const withLabels = labels.length > 0 ? ` with labels ${labels.join(', ')}` : ' without labels'
  return `${kind} '${name}'${withLabels}${kind === 'histogram' ? ` and with buckets ${buckets.join(', ')}` : ''}`
}
