/** Where things lie in Redis. */
const PREFIX = 'gymnura:'

export const KEYS = {
  /** Which Redis this is: one that came back without its data has another. */
  id: `${PREFIX}id`,
  /** Counts changes of the rows. */
  revision: `${PREFIX}revision`,
  /** Hashes of JSON. */
  applications: `${PREFIX}applications`,
  models: `${PREFIX}models`,
  tokens: `${PREFIX}tokens`,
  /** A hash of models' files. */
  artifacts: `${PREFIX}artifacts`,
  /** A stream. */
  feedback: `${PREFIX}feedback`,
  /** Counts blocks of query ids that were given out. */
  blocks: `${PREFIX}blocks`,
  standing: (key: string) => `${PREFIX}standing:${key}`,
  /** Whether a change of the rows was made, or feedback on a query given: kept for an hour, for those who have had no answer. */
  change: (id: string) => `${PREFIX}change:${id}`,
  given: (queryId: number) => `${PREFIX}given:${queryId}`,
  prediction: (key: Uint8Array) => Buffer.concat([Buffer.from(`${PREFIX}prediction:`), key]),
} as const

/** Channels are the same for all databases of a Redis, so each has the database's number in its name. */
export function channelsOf(database: number) {
  const prefix = `${PREFIX}${database}:`
  return {
    changes: `${prefix}changes`,
    lessons: `${prefix}lessons`,
    /** Questions to the frontend that gave out the ids of a block, and answers to a frontend. */
    block: (block: number) => `${prefix}block:${block}`,
    answers: (origin: string) => `${prefix}answers:${origin}`,
  }
}
