import type { ReplicaState } from './batching/dispatcher.js'
import type { PredictionCache } from './query/cache.js'
import type { Registry } from './registry/registry.js'

export interface ApplicationMetrics {
  readonly queries: number
  /** Default answers by reason. */
  readonly defaults: { readonly noModels: number; readonly late: number; readonly failed: number; readonly unsure: number }
  /** Upper bounds within a fifth, ms; null before the first query. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

export interface ModelMetrics {
  readonly name: string
  readonly version: string
  readonly queued: number
  /** Inputs sent again after a container was lost. */
  readonly retried: number
  /** Inputs that found the queue full. */
  readonly refused: number
  /** How many batches had how many items, by size. */
  readonly batchSizes: Readonly<Record<number, number>>
  readonly replicas: readonly ReplicaState[]
}

/** The serving tier's counts at one moment. */
export interface ServeMetrics {
  readonly applications: Readonly<Record<string, ApplicationMetrics>>
  readonly models: readonly ModelMetrics[]
  readonly cache: {
    readonly hits: number
    readonly misses: number
    /** Misses that joined an equal query in flight. */
    readonly joins: number
    /** Hits among all lookups; 0 before the first. */
    readonly hitRatio: number
    readonly entries: number
    readonly bytes: number
  }
}

const orNull = (value: number) => (Number.isNaN(value) ? null : value)

export function readMetrics(registry: Registry, cache: PredictionCache): ServeMetrics {
  const applications = [...registry.applications.values()].map(({ name, queries, defaults, latencies }): [string, ApplicationMetrics] => {
    const quantiles = { p50Ms: orNull(latencies.quantile(0.5)), p99Ms: orNull(latencies.quantile(0.99)) }
    return [name, { queries, defaults: { ...defaults }, ...quantiles }]
  })
  const models: ModelMetrics[] = []
  for (const { versions } of registry.models.values()) {
    for (const { name, version, dispatcher } of versions.values()) {
      const { queued, retried, refused, replicas, batchSizes } = dispatcher
      models.push({ name, version, queued, retried, refused, replicas, batchSizes: Object.fromEntries(batchSizes) })
    }
  }
  const { hits, misses, joins, entries, bytes } = cache
  const lookups = hits + misses
  return {
    applications: Object.fromEntries(applications),
    models,
    cache: { hits, misses, joins, hitRatio: lookups > 0 ? hits / lookups : 0, entries, bytes },
  }
}
