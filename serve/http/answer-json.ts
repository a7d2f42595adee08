import { ServeError } from '../errors.js'
import type { Exchange } from '../query/exchange.js'

/** The answer to one query of an exchange, as Clipper writes it. */
export function answerJson(exchange: Exchange, query: number): string {
  return `{${answerFields(exchange, query)}}`
}

/** Its fields alone, to be put into an object with others. */
export function answerFields(exchange: Exchange, query: number): string {
  const head = `"query_id":${exchange.firstQueryId + query},"output":${exchange.outputJson(query)},"default":`
  const explanation = exchange.explanation(query)
  const told = explanation === undefined ? `${head}false` : `${head}true,"default_explanation":${JSON.stringify(explanation)}`
  // Where one model answers alone there is nothing to say, and the answer is Clipper's to the letter.
  return exchange.selected === undefined ? told : `${told},${confidenceJson(exchange.confidence(query), explanation)}`
}

/** Of an answer that several models could have given: how sure they are, and whether that is enough. */
function confidenceJson(confidence: number, explanation: string | undefined): string {
  return `"confidence":${confidence},"confident":${explanation === undefined}`
}

/** Where answers go on after one that is none: the fields that say what is wrong. */
export function errorFields(error: unknown): string {
  const code = error instanceof ServeError ? error.code : undefined
  const cause = code === undefined ? 'the server failed' : (error as Error).message
  return `"error":${JSON.stringify(code ?? 'SERVER_ERROR')},"cause":${JSON.stringify(cause)}`
}
