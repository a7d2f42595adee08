/** `JSON.parse` reads any depth, but whoever walks through the value or writes it again does so on the stack. */
const DEEPEST = 512
const [QUOTE, BACKSLASH, BRACKET, CLOSING_BRACKET, BRACE, CLOSING_BRACE] = [...'"\\[]{}'].map((char) => char.charCodeAt(0))

/** The value of a JSON text that a container says. @throws SyntaxError for what is none, or is nested deeper than anybody needs */
export function parseShallow(text: string): unknown {
  if (text.length > DEEPEST && depthOf(text) > DEEPEST) throw new SyntaxError(`JSON that is nested deeper than ${DEEPEST}`)
  return JSON.parse(text)
}

function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) isQuoted = !isQuoted
    else if (isQuoted) at += code === BACKSLASH ? 1 : 0
    else if (code === BRACKET || code === BRACE) deepest = Math.max(deepest, ++depth)
    else if (code === CLOSING_BRACKET || code === CLOSING_BRACE) depth--
  }
  return deepest
}
