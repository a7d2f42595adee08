/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** What an application is, without what runs for it. */
export interface ApplicationRecord {
  readonly name: string
  readonly inputType: 'floats'
  readonly defaultOutput: Json
  readonly sloMs: number
  readonly selection: string
  /** Names of the linked models, in the order they were linked. */
  readonly models: readonly string[]
}

/** What a model version is, without its containers. */
export interface ModelRecord {
  readonly name: string
  readonly version: string
  /** The version that answers queries which name none. */
  readonly current: boolean
  readonly isolation: 'process' | 'inline'
  readonly replicas: number
  readonly inputType: 'floats'
  readonly inputSize: number
  readonly algorithm?: string
  readonly environmentId?: string
}

/** Rows by key. A write is kept once its promise resolves. */
export interface Table<Row> {
  get(key: string): Promise<Row | undefined>
  set(key: string, row: Row): Promise<void>
  all(): Promise<Row[]>
}

/** Where applications, models and links live, and who counts queries. */
export interface State {
  readonly applications: Table<ApplicationRecord>
  /** By `name:version`. */
  readonly models: Table<ModelRecord>
  /** The first of `count` query ids that nobody else will use; all stay integers that are safe in JSON. */
  leaseQueryIds(count: number): number
}
