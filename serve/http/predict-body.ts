import { ServeError } from '../errors.js'
import { allocateInputs, type Inputs } from '../query/inputs.js'

/** A predict body whose JSON was read; its inputs are still to be checked against the model. */
export interface PredictBody {
  readonly input?: unknown
  readonly input_batch?: unknown
  readonly version?: unknown
}

const SHOWN_CHARS = 60

function invalid(message: string, options?: ErrorOptions): never {
  throw new ServeError('QUERY_INVALID', message, options)
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string' && value.startsWith(NOT_JSON)) return value.slice(NOT_JSON.length)
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value)
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
}

/** Marks a token that JSON doesn't have, so that its place can be named. */
const NOT_JSON = '\u0000'
const STRING_OR_TOKEN = /"(?:[^"\\]|\\.)*"|[-+]?\b(?:NaN|Infinity|nan|inf|None|undefined)\b/g

/** Python writes NaN and Infinity as they are: worth a better word than a position in the text. */
function parseMarked(text: string): unknown {
  return JSON.parse(text.replace(STRING_OR_TOKEN, (token) => (token.startsWith('"') ? token : JSON.stringify(NOT_JSON + token))))
}

/** @throws ServeError `QUERY_INVALID` */
export function parsePredictBody(text: string): PredictBody {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    try {
      body = parseMarked(text)
    } catch {
      invalid(text === '' ? 'the body is empty; expected {"input": [...]}' : `the body is not JSON: ${(cause as Error).message}`, { cause })
    }
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) invalid(`the body is ${show(body)}; expected {"input": [...]}`)
  return body
}

/** @throws ServeError `QUERY_INVALID` */
export function readVersion({ version }: PredictBody): string | undefined {
  if (version === undefined || typeof version === 'string') return version
  if (typeof version === 'number' && Number.isSafeInteger(version)) return String(version)
  return invalid(`version: expected a string or a whole number, got ${show(version)}`)
}

/** Whether the answer is to be a batch's. */
export const isBatch = (body: PredictBody) => body.input_batch !== undefined

/**
 * Checks the inputs, each an array of `width` finite numbers that fit float32; of any length where `width` is undefined.
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readInputs(body: PredictBody, width: number | undefined): Inputs {
  const { input, input_batch: batch } = body
  if (!isBatch(body)) {
    if (input === undefined) invalid('input: missing; expected {"input": [...]} or {"input_batch": [[...], ...]}')
    const inputs = allocateInputs(1, checkLength(input, width, undefined))
    fill(inputs, 0, input as unknown[], undefined)
    return inputs
  }
  if (input !== undefined) invalid('input: given together with input_batch; send one of them')
  if (!Array.isArray(batch)) invalid(`input_batch: expected an array of inputs, got ${show(batch)}`)
  const inputs = allocateInputs(batch.length, width ?? 0)
  for (let row = 0; row < batch.length; row++) {
    const length = checkLength(batch[row], width, row)
    fill(width === undefined ? allocateInputs(1, length) : inputs, width === undefined ? 0 : row, batch[row], row)
  }
  return inputs
}

const path = (row: number | undefined) => (row === undefined ? 'input' : `input_batch[${row}]`)

function checkLength(input: unknown, width: number | undefined, row: number | undefined): number {
  if (!Array.isArray(input)) invalid(`${path(row)}: expected an array of numbers, got ${show(input)}`)
  if (width !== undefined && input.length !== width) invalid(`${path(row)}: expected ${width} numbers, got ${input.length}`)
  return input.length
}

/** Writes `input` to row `to`; `row` is where it was in the body. */
function fill({ slab, start, width }: Inputs, to: number, input: unknown[], row: number | undefined): void {
  const { floats } = slab
  const begin = start + to * width
  for (let i = 0; i < input.length; i++) {
    const value = input[i]
    if (typeof value !== 'number' || !Number.isFinite(value)) invalid(`${path(row)}[${i}]: expected a finite number, got ${show(value)}`)
    floats[begin + i] = value
    if (!Number.isFinite(floats[begin + i])) invalid(`${path(row)}[${i}]: expected a number that fits float32, got ${show(value)}`)
  }
}
