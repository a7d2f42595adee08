import { ServeError } from '../errors.js'

/** Reading and queueing a request must not keep the others waiting for longer than a deadline's fraction. */
export const MOST_INPUTS = 4096
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b

/**
 * JSON of many or deeply nested arrays takes a second a few megabytes, so it is refused unread.
 * A body too short to hold too many is not looked at.
 * @throws ServeError `QUERY_INVALID`
 */
export function checkArrays(text: string): void {
  const most = 2 * MOST_INPUTS
  if (text.length <= 2 * most) return
  let arrays = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === OPENING_BRACKET || code === OPENING_BRACE) arrays++
  }
  if (arrays <= most) return
  const told = `the body holds ${arrays} arrays and objects; expected at most ${MOST_INPUTS} inputs a request: send several`
  throw new ServeError('QUERY_INVALID', told)
}
