import { ServeError } from '../errors.js'
import type { Verdict } from '../query/feedback.js'
import { invalid } from '../refusals.js'
import type { Label } from '../selection/losses.js'
import type { Body } from './json-body.js'

const LONGEST_USER = 256
const LONGEST_LABEL = 4096

/** Whose query it is; '' for nobody in particular. Clipper's `uid` is a number. */
export function readUser(user: unknown, field: string): string {
  if (user === undefined) return ''
  if (typeof user === 'number' && Number.isSafeInteger(user)) return String(user)
  if (typeof user === 'string' && user.length <= LONGEST_USER) return user
  return invalid(field, `a string of at most ${LONGEST_USER} characters or a whole number`, user)
}

export function readQueryId({ query_id: id }: Body): number {
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : invalid('query_id', 'a whole number', id)
}

export function readLabel({ label }: Body): Label {
  if (typeof label === 'number' && Number.isFinite(label)) return label
  if (typeof label === 'string' && label.length <= LONGEST_LABEL) return label
  if (Array.isArray(label) && label.every((value) => typeof value === 'number' && Number.isFinite(value))) return label
  return invalid('label', `a number, a string of at most ${LONGEST_LABEL} characters or an array of numbers`, label)
}

/** @throws ServeError `QUERY_INVALID` unless there is exactly one of reward and label */
export function readVerdict(body: Body): Verdict {
  const { reward, label } = body
  if ((reward === undefined) === (label === undefined)) throw new ServeError('QUERY_INVALID', 'reward, label: expected one of the two')
  if (reward === undefined) return { label: readLabel(body) }
  return typeof reward === 'number' && Number.isFinite(reward) ? { reward } : invalid('reward', 'a number', reward)
}
