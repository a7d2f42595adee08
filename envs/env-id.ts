/** Environment ids: `[namespace/]name[-vN]`. */
import { distance } from 'fastest-levenshtein'
import { EnvError } from './errors.js'
import { shown } from './shown.js'

export interface EnvId {
  namespace: string | null
  name: string
  version: number | null
}

const PATTERN = /^(?:([\w:-]+)\/)?([\w:.-]+?)(?:-v(\d+))?$/

/** @throws EnvError (ENVS_MALFORMED_ID) */
export function parseEnvId(id: string): EnvId {
  const match = typeof id === 'string' ? PATTERN.exec(id) : null
  if (!match)
    throw new EnvError('ENVS_MALFORMED_ID', `malformed environment id ${shown(id)}; write [namespace/]name-vN, such as CartPole-v1`)
  return { namespace: match[1] ?? null, name: match[2]!, version: match[3] === undefined ? null : Number(match[3]) }
}

export function formatEnvId({ namespace, name, version }: EnvId): string {
  return `${namespace === null ? '' : `${namespace}/`}${name}${version === null ? '' : `-v${version}`}`
}

/** The candidate nearest to a misspelt word, if it is near enough to be meant. */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  let best: string | null = null
  let least = Math.max(2, Math.ceil(word.length * 0.4)) + 1
  for (const candidate of candidates) {
    const edits = distance(word.toLowerCase(), candidate.toLowerCase())
    if (edits < least) {
      least = edits
      best = candidate
    }
  }
  return best
}

/** " Did you mean …?" or nothing, to be put at the end of an error. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const suggestion = nearest(word, candidates)
  return suggestion === null ? '' : ` Did you mean ${suggestion}?`
}
