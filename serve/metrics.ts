import type { ReplicaState } from './batching/replica.js'
import type { PredictionCache } from './query/cache.js'
import type { Application } from './registry/application.js'
import type { Registry } from './registry/registry.js'

export interface ApplicationMetrics {
  readonly queries: number
  /** Default answers by reason. */
  readonly defaults: { readonly noModels: number; readonly late: number; readonly failed: number; readonly unsure: number }
  /** Upper bounds within a fifth, ms; null before the first query. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Requests by how long they took, a bucket each; `quantileOf` reads the differences between two moments. */
  readonly latencyCounts: readonly number[]
  /** Queries that were turned away because there were too many. */
  readonly shed: number
  readonly sloMs: number
  /** The selection policy's name. */
  readonly selection: string
  readonly arms: readonly ArmMetrics[]
}

/** One link of an application, since it was linked or the server was started. */
export interface ArmMetrics {
  /** As it was linked: `model`, or `model:version`. */
  readonly name: string
  /** The version that answers for it now, `model:version`. */
  readonly model: string
  /** Queries that asked it. */
  readonly queries: number
  /** Feedback that said something of its answers. */
  readonly feedback: number
  /** Of that feedback, 0 (the worst) to 1; null before the first. */
  readonly meanReward: number | null
  /**
   * What the policy goes by, for queries of nobody in particular: of Exp3 and Exp4 the share of all weight, of ε-greedy, UCB1 and Thompson the
   * mean reward, of percentages the share; null where there is nothing of the kind.
   */
  readonly weight: number | null
}

export interface ModelMetrics {
  readonly name: string
  readonly version: string
  /** Whether it answers for its model. */
  readonly current: boolean
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
  /** Since the server was started. */
  readonly uptimeS: number
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

function readArms({ arms, tallies, bandit }: Application): ArmMetrics[] {
  const { weights } = bandit
  return arms.map((arm, i) => {
    const { queries, feedback, losses } = tallies[i]!
    const meanReward = feedback > 0 ? 1 - losses / feedback : null
    return { name: arm.name, model: arm.resolve().id, queries, feedback, meanReward, weight: weights?.[i] ?? null }
  })
}

function readApplication(application: Application): ApplicationMetrics {
  const { queries, defaults, latencies, shed, sloMs, record } = application
  const { selection } = record
  return {
    queries,
    defaults: { ...defaults },
    p50Ms: orNull(latencies.quantile(0.5)),
    p99Ms: orNull(latencies.quantile(0.99)),
    latencyCounts: latencies.counts(),
    shed,
    sloMs,
    selection: typeof selection === 'string' ? selection : String((selection as { policy?: unknown }).policy),
    arms: readArms(application),
  }
}

/** @param startedAt of the server, `performance.now()` */
export function readMetrics(registry: Registry, cache: PredictionCache, startedAt: number): ServeMetrics {
  const applications = [...registry.applications.values()].map((one): [string, ApplicationMetrics] => [one.name, readApplication(one)])
  const models: ModelMetrics[] = []
  for (const { versions, current } of registry.models.values()) {
    for (const one of versions.values()) {
      const { queued, retried, refused, replicas, batchSizes } = one.dispatcher
      const counts = { queued, retried, refused, replicas, batchSizes: Object.fromEntries(batchSizes) }
      models.push({ name: one.name, version: one.version, current: one === current, ...counts })
    }
  }
  const { hits, misses, joins, entries, bytes } = cache
  const lookups = hits + misses
  return {
    uptimeS: (performance.now() - startedAt) / 1000,
    applications: Object.fromEntries(applications),
    models,
    cache: { hits, misses, joins, hitRatio: lookups > 0 ? hits / lookups : 0, entries, bytes },
  }
}
