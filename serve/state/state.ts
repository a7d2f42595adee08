import type { Batching } from '../batching/policies.js'
import type { ModelDescription } from '../containers/container.js'
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
  /** All that they say, so that queries can wait for them; absent where it is too large to be kept. */
  readonly description?: ModelDescription
  readonly algorithm?: string
  readonly environmentId?: string
}

/** A token that was issued while the server ran. The secret itself is nowhere: only its digest. */
export interface TokenRecord {
  /** A part of the token that is no secret, by which it is listed and revoked. */
  readonly id: string
  /** SHA-256 of the token, in hex. */
  readonly digest: string
  /** An application's name, '*' for all of them; absent for an admin's. */
  readonly application?: string
  /** Whose it is, in words. */
  readonly label: string
  /** Milliseconds since the epoch. */
  readonly issuedAt: number
}

/** All that is known of applications, models (by `name:version`) and tokens (by id) at one moment. */
export interface Rows {
  readonly applications: ReadonlyMap<string, ApplicationRecord>
  readonly models: ReadonlyMap<string, ModelRecord>
  readonly tokens: ReadonlyMap<string, TokenRecord>
}

/** A row that is written; without `row` it is deleted, with what belongs to it. */
export type Change =
  | { readonly table: 'applications'; readonly key: string; readonly row?: ApplicationRecord }
  /** The artifact of a version that is new. */
  | { readonly table: 'models'; readonly key: string; readonly row?: ModelRecord; readonly artifact?: Uint8Array }
  | { readonly table: 'tokens'; readonly key: string; readonly row?: TokenRecord }

/** Another frontend has changed something since the rows were read: nothing was written. */
export class RowsMoved extends Error {}

/** Some numbers by name. (No object: a model may be called "constructor".) */
export type Sums = ReadonlyMap<string, readonly number[]>

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
  /** The chance with which the only one was drawn: what off-policy evaluation divides by. 1 where nothing is drawn, and of 'thompson', whose is not known. */
  readonly probability: number
  readonly reward?: number
  readonly label?: number | string | readonly number[]
}

/** What feedback teaches: kept as a whole, or not at all. */
export interface Lesson {
  /** `application/user`. */
  readonly key: string
  /** What is added, for each arm that is linked now, zeros too. */
  readonly sums: Sums
  /**
   * Where it is finite, only the differences between these arms' first numbers count: then the best is moved to 0, and one that is further
   * than this below is lifted to there. An arm that is linked later begins with 0, beside the best.
   */
  readonly widestGap: number
  readonly entry?: FeedbackEntry
  /** The query that it is about: feedback counts once a query, over all frontends. */
  readonly queryId?: number
}

/** What a bandit knows of one user. */
export interface Taught {
  readonly sums: Sums
  /** How many lessons that is made of, where several frontends teach: what they say of it may come in another order. */
  readonly lessons?: number
}

export interface Learned extends Taught {
  /** The query was taught before: nothing has changed. */
  readonly repeated: boolean
}

/** What several frontends on one state tell each other. */
export interface Sharing {
  /** Something was written by another frontend, or may have been. */
  changed(): void
  /** Another frontend has learned something. */
  learned(key: string, taught: Taught): void
  /** What others have learned may have been missed. */
  missed(): void
  /** Feedback on a query that this frontend has answered, given to another. */
  feedback(application: string, queryId: number, verdict: Json): Promise<Json>
  /** What the server's log should say. */
  warn(message: string): void
  info(message: string): void
}

/** Predictions that several frontends share, by model, version and content of the input. */
export interface SharedPredictions {
  /** The output as JSON. */
  get(key: Uint8Array): Promise<string | undefined>
  set(key: Uint8Array, json: string): void
}

/** A state that several frontends share. */
export interface SharedState {
  listen(sharing: Sharing): void
  /** Asks the frontend that answered a query; undefined where it is gone. */
  forward(application: string, queryId: number, verdict: Json): Promise<Json | undefined>
  readonly predictions: SharedPredictions
  /** Why it cannot be read or written now; undefined where it can. */
  readonly trouble: string | undefined
}

/** Where applications, models, tokens and what bandits have learned live, and who counts queries. */
export interface State {
  /** @throws ServeError `STATE_UNREACHABLE` */
  read(): Promise<Rows>
  /**
   * Writes all of the changes or none; resolves once they are kept. An application that is deleted takes along what its bandit has
   * learned.
   * @throws RowsMoved; ServeError `STATE_UNREACHABLE`
   */
  write(changes: readonly Change[]): Promise<void>
  /** A model's file by `name:version`. Absent where nothing outlives the process. */
  artifact?(key: string): Promise<Uint8Array | undefined>
  /** What a bandit has learned, by `application/user`. */
  standing(key: string): Taught | Promise<Taught>
  learn(lesson: Lesson): Promise<Learned>
  /** Whether the entries of lessons are kept, to be read as a dataset. */
  readonly keepsFeedback: boolean
  /** The first of `count` query ids that nobody else will use; all stay integers that are safe in JSON. */
  leaseQueryIds(count: number): number
  /** Of a state that several frontends share. */
  readonly shared?: SharedState
  /** Resolves once everything is kept. */
  close(): Promise<void>
}
