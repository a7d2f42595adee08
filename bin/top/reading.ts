/** What happened between two readings of a server's counts. */
import { type ApplicationMetrics, type ModelMetrics, quantileOf, type ServeMetrics } from '../../serve/index.js'

/** A server's counts at a moment, `performance.now()`. */
export interface Reading {
  readonly at: number
  readonly metrics: ServeMetrics
}

interface ArmView {
  readonly name: string
  readonly model: string
  /** Of the application's queries to arms, 0 to 1; null where there were none. */
  readonly share: number | null
  readonly weight: number | null
  /** Of the feedback that came, 0 to 1; null where none did. */
  readonly meanReward: number | null
  readonly feedbackPerS: number
}

export interface ApplicationView {
  readonly name: string
  readonly selection: string
  readonly sloMs: number
  readonly queriesPerS: number
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  /** Of its queries, 0 to 1; null where there were none. */
  readonly defaultShare: number | null
  readonly shedPerS: number
  readonly arms: readonly ArmView[]
}

interface ContainerView {
  readonly ready: boolean
  readonly pid: number | undefined
  readonly restarts: number
}

export interface ModelView {
  readonly name: string
  readonly version: string
  readonly current: boolean
  readonly inputsPerS: number
  /** Inputs a batch; null where there was none. */
  readonly meanBatch: number | null
  /** The most inputs that a replica's next batch may have, of all replicas. */
  readonly batchLimit: number
  readonly queued: number
  readonly refusedPerS: number
  readonly containers: readonly ContainerView[]
}

/** All of it: rates by the second, shares from 0 to 1. */
export interface View {
  readonly uptimeS: number
  readonly applications: readonly ApplicationView[]
  readonly models: readonly ModelView[]
  readonly cache: {
    /** Of the lookups; null where there were none. */
    readonly hitShare: number | null
    readonly lookupsPerS: number
    readonly joinsPerS: number
    readonly entries: number
    readonly bytes: number
  }
}

/** Counts begin again where a server was started again, or an application made anew. */
const grown = (before: number | undefined, after: number) => (before === undefined || after < before ? after : after - before)
const share = (part: number, whole: number) => (whole > 0 ? part / whole : null)
const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, one) => all + one, 0)

const rewardsOf = ({ feedback, meanReward }: ApplicationMetrics['arms'][number]) => feedback * (meanReward ?? 0)

function applicationView(name: string, now: ApplicationMetrics, before: ApplicationMetrics | undefined, seconds: number): ApplicationView {
  const isNew = before === undefined || now.queries < before.queries
  const counts = now.latencyCounts.map((count, bucket) => (isNew ? count : count - (before.latencyCounts[bucket] ?? 0)))
  const queries = grown(before?.queries, now.queries)
  const asked = now.arms.map((arm) => grown(before?.arms.find((old) => old.name === arm.name)?.queries, arm.queries))
  const arms = now.arms.map((arm, i) => {
    const { name, model, weight } = arm
    const old = before?.arms.find((other) => other.name === name)
    const told = grown(old?.feedback, arm.feedback)
    const meanReward = share(grown(old && rewardsOf(old), rewardsOf(arm)), told)
    return { name, model, share: share(asked[i]!, sum(asked)), weight, meanReward, feedbackPerS: told / seconds }
  })
  return {
    name,
    selection: now.selection,
    sloMs: now.sloMs,
    queriesPerS: queries / seconds,
    p50Ms: quantileOf(counts, 0.5),
    p99Ms: quantileOf(counts, 0.99),
    defaultShare: share(grown(before && sum(Object.values(before.defaults)), sum(Object.values(now.defaults))), queries),
    shedPerS: grown(before?.shed, now.shed) / seconds,
    arms,
  }
}

const batchesOf = (sizes: ModelMetrics['batchSizes']) => sum(Object.values(sizes))
const inputsOf = (sizes: ModelMetrics['batchSizes']) => sum(Object.entries(sizes).map(([size, count]) => Number(size) * count))

function modelView(now: ModelMetrics, before: ModelMetrics | undefined, seconds: number): ModelView {
  const inputs = grown(before && inputsOf(before.batchSizes), inputsOf(now.batchSizes))
  return {
    name: now.name,
    version: now.version,
    current: now.current,
    inputsPerS: inputs / seconds,
    meanBatch: share(inputs, grown(before && batchesOf(before.batchSizes), batchesOf(now.batchSizes))),
    batchLimit: sum(now.replicas.map(({ maxBatch }) => maxBatch)),
    queued: now.queued,
    refusedPerS: grown(before?.refused, now.refused) / seconds,
    containers: now.replicas.map(({ ready, pid, restarts }) => ({ ready, pid, restarts })),
  }
}

/** What happened between `before` and `now`. */
export function viewOf(before: Reading, now: Reading): View {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000)
  const { applications, models, cache, uptimeS } = now.metrics
  const old = before.metrics
  const hits = grown(old.cache.hits, cache.hits)
  const lookups = hits + grown(old.cache.misses, cache.misses)
  return {
    uptimeS,
    applications: Object.entries(applications).map(([name, one]) =>
      applicationView(name, one, Object.hasOwn(old.applications, name) ? old.applications[name] : undefined, seconds),
    ),
    models: models.map((one) => {
      const same = old.models.find(({ name, version }) => name === one.name && version === one.version)
      return modelView(one, same, seconds)
    }),
    cache: {
      hitShare: share(hits, lookups),
      lookupsPerS: lookups / seconds,
      joinsPerS: grown(old.cache.joins, cache.joins) / seconds,
      entries: cache.entries,
      bytes: cache.bytes,
    },
  }
}
