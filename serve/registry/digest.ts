import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { ModelRecord } from '../state/state.js'
import type { PublishSettings } from './publish-options.js'

/** SHA-256 of a model's bytes, in hex. */
export const contentDigest = (artifact: Uint8Array): string => createHash('sha256').update(artifact).digest('hex')

const asKept = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

/**
 * Among the versions of a model the one that was published last, if it has this content and is run in this way: publishing it again
 * would change nothing. (How many replicas it has by now, and which version answers, has been decided since.)
 */
export function publishedAlready(versions: readonly ModelRecord[], digest: string, given: PublishSettings): ModelRecord | undefined {
  const [last] = [...versions].sort((a, b) => (b.publishedAt ?? 0) - (a.publishedAt ?? 0) || b.currentSince - a.currentSince)
  if (last === undefined || last.digest !== digest) return undefined
  const { isolation, batching, settings } = last
  const wanted = [given.isolation, given.batching, given.settings]
  return isDeepStrictEqual(asKept([isolation, batching, settings]), asKept(wanted)) ? last : undefined
}
