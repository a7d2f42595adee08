import { createHash } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Model, ModelVersion } from './model.js'
import type { PublishSettings } from './publish-options.js'

/** SHA-256 of a model's bytes, in hex. */
export const contentDigest = (artifact: Uint8Array): string => createHash('sha256').update(artifact).digest('hex')

const asKept = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null))

/**
 * The version of a model that was published last, if it has this content and is run in this way: publishing it again would change
 * nothing. (How many replicas it has by now, and which version answers, has been decided since.)
 */
export function publishedAlready(model: Model | undefined, digest: string, given: PublishSettings): ModelVersion | undefined {
  const versions = [...(model?.versions.values() ?? [])]
  const [last] = versions.sort(
    ({ record: a }, { record: b }) => (b.publishedAt ?? 0) - (a.publishedAt ?? 0) || b.currentSince - a.currentSince,
  )
  if (last === undefined || last.record.digest !== digest) return undefined
  const { isolation, batching, settings } = last.record
  const wanted = [given.isolation, given.batching, given.settings]
  return isDeepStrictEqual(asKept([isolation, batching, settings]), asKept(wanted)) ? last : undefined
}
