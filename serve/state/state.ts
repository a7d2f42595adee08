import type { Batching } from '../batching/policies.js'
import type { InputType } from '../containers/element-types.js'
import type { ContainerSettings, Isolation } from '../containers/kinds.js'

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What an application is, without what runs for it. */
export interface ApplicationRecord {
  readonly name: string
  readonly inputType: InputType
  readonly defaultOutput: Json
  readonly sloMs: number
  /** What becomes of queries that cannot be answered in time: the default at their deadline, or a refusal at once. */
  readonly overload?: 'default' | 'shed'
  /** A policy's name, or an object with the name and what it was told. */
  readonly selection: Json
  /** Below this confidence the default is answered; 0 for never. */
  readonly confidenceThreshold: number
  /** The worst and the best reward that feedback may give. */
  readonly rewardRange: readonly [low: number, high: number]
  /** The links in the order they were made: models by name, or certain versions as `name:version`. */
  readonly models: readonly string[]
}

/** What a model version is, without its containers. */
export interface ModelRecord {
  readonly name: string
  readonly version: string
  /** The version that answers queries which name none. */
  readonly current: boolean
  /** When it became that last, milliseconds since the epoch: a rollback goes to the one before. */
  readonly currentSince: number
  /** When it was published, milliseconds since the epoch, and the SHA-256 of its bytes; absent in records of earlier releases. */
  readonly publishedAt?: number
  readonly digest?: string
  readonly isolation: Isolation
  readonly replicas: number
  /** What it is, and what its containers are told; absent in records of before there was more than policies. */
  readonly settings?: ContainerSettings
  readonly batching?: Batching
  /** What its containers say it takes; the size is null where each input has its own. */
  readonly inputType: InputType
  readonly inputSize: number | null
  readonly algorithm?: string
  readonly environmentId?: string
}

/** Rows by key. A write is kept once its promise resolves. */
export interface Table<Row> {
  get(key: string): Promise<Row | undefined>
  set(key: string, row: Row): Promise<void>
  delete(key: string): Promise<void>
  all(): Promise<Row[]>
}

/** Some numbers by name. */
export type Sums = Readonly<Record<string, readonly number[]>>

/** Sums by key. Several frontends may add to one at once. */
export interface SumTable {
  get(key: string): Sums | Promise<Sums>
  /** Adds each number to the one of the same name and place; resolves once that is kept. */
  add(key: string, sums: Sums): Promise<void>
  /** Forgets all whose key begins so. */
  deleteAll(prefix: string): Promise<void>
}

/** Models' files by `name:version`. */
export interface Artifacts {
  get(key: string): Promise<Uint8Array | undefined>
  set(key: string, bytes: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
}

/** A line of the feedback log. */
export interface FeedbackEntry {
  /** ISO 8601. */
  readonly time: string
  readonly application: string
  readonly queryId: number
  /** '' for nobody in particular. */
  readonly user: string
  /** Numbers, a string, or bytes in base64. */
  readonly input: Json
  readonly output: Json
  /** The output was the application's default. */
  readonly default: boolean
  /** The links that were asked. */
  readonly arms: readonly string[]
  /** The chance with which the only one was drawn: what off-policy evaluation divides by. */
  readonly probability: number
  readonly reward?: number
  readonly label?: number | string | readonly number[]
}

/** Feedback in the order it came. */
export interface FeedbackLog {
  /** Resolves once the entry is kept. */
  append(entry: FeedbackEntry): Promise<void>
}

/** Where applications, models and links live, and who counts queries. */
export interface State {
  readonly applications: Table<ApplicationRecord>
  /** By `name:version`. */
  readonly models: Table<ModelRecord>
  /** Absent where nothing outlives the process. */
  readonly artifacts?: Artifacts
  /** What bandits have learned, by `application/user`. */
  readonly standings: SumTable
  /** Absent where there is nowhere to keep it. */
  readonly feedback?: FeedbackLog
  /** The first of `count` query ids that nobody else will use; all stay integers that are safe in JSON. */
  leaseQueryIds(count: number): number
  /** Resolves once everything is kept. */
  close(): Promise<void>
}
