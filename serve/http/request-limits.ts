import { ServeError } from '../errors.js'

/** How much one request may bring: reading it and queueing it keeps all others waiting. */
export interface RequestLimits {
  /** Of JSON. */
  readonly maxBodyBytes: number
  /** Of JSON and binary tensors together. */
  readonly maxBinaryBytes: number
  /** Inputs, where they are counted one by one. */
  readonly maxBatchInputs: number
}

/** Nested arrays in inputs are few beside those that wrap them, whatever the limit on inputs is. */
const FEWEST_ARRAYS = 8192
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b

/**
 * JSON of many or deeply nested arrays takes a second a few megabytes, so it is refused unread.
 * A body too short to hold too many is not looked at.
 * @throws ServeError `QUERY_INVALID`
 */
export function checkArrays(text: string, { maxBatchInputs }: RequestLimits): void {
  const most = Math.max(FEWEST_ARRAYS, 2 * maxBatchInputs)
  if (text.length <= 2 * most) return
  let arrays = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === OPENING_BRACKET || code === OPENING_BRACE) arrays++
  }
  if (arrays <= most) return
  const told = `the body holds ${arrays} arrays and objects; expected at most ${maxBatchInputs} inputs a request: send several`
  throw new ServeError('QUERY_INVALID', told)
}

/** @param path of the list @param unit what it is a list of @throws ServeError `QUERY_INVALID` */
export function checkCount(rows: readonly unknown[], { maxBatchInputs }: RequestLimits, path: string, unit: string): void {
  if (rows.length <= maxBatchInputs) return
  const told = `expected at most ${maxBatchInputs} ${unit} a request (the server's maxBatchInputs), got ${rows.length}: send several`
  throw new ServeError('QUERY_INVALID', `${path}: ${told}`)
}
