import { ServeError } from '../errors.js'

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

/** Checked inputs, `[size, inputSize]` row-major. */
export interface Inputs {
  readonly rows: Float32Array
  readonly size: number
  /** Asked as `input_batch`, to be answered as one. */
  readonly batch: boolean
}

/**
 * Checks the inputs, each an array of `inputSize` finite numbers that fit float32; of any length where `inputSize` is undefined.
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readInputs({ input, input_batch: inputBatch }: PredictBody, inputSize: number | undefined): Inputs {
  if (inputBatch === undefined) {
    if (input === undefined) invalid('input: missing; expected {"input": [...]} or {"input_batch": [[...], ...]}')
    const length = checkLength(input, inputSize, undefined)
    const rows = new Float32Array(length)
    fill(rows, 0, input as unknown[], undefined)
    return { rows, size: 1, batch: false }
  }
  if (input !== undefined) invalid('input: given together with input_batch; send one of them')
  if (!Array.isArray(inputBatch)) invalid(`input_batch: expected an array of inputs, got ${show(inputBatch)}`)
  const width = inputSize ?? 0
  const rows = new Float32Array(inputBatch.length * width)
  for (let row = 0; row < inputBatch.length; row++) {
    const length = checkLength(inputBatch[row], inputSize, row)
    if (inputSize === undefined) fill(new Float32Array(length), 0, inputBatch[row], row)
    else fill(rows, row * width, inputBatch[row], row)
  }
  return { rows, size: inputBatch.length, batch: true }
}

const path = (row: number | undefined) => (row === undefined ? 'input' : `input_batch[${row}]`)

function checkLength(input: unknown, inputSize: number | undefined, row: number | undefined): number {
  if (!Array.isArray(input)) invalid(`${path(row)}: expected an array of numbers, got ${show(input)}`)
  if (inputSize !== undefined && input.length !== inputSize) {
    invalid(`${path(row)}: expected ${inputSize} numbers, got ${input.length}`)
  }
  return input.length
}

function fill(rows: Float32Array, start: number, input: unknown[], row: number | undefined): void {
  for (let i = 0; i < input.length; i++) {
    const value = input[i]
    if (typeof value !== 'number' || !Number.isFinite(value)) invalid(`${path(row)}[${i}]: expected a finite number, got ${show(value)}`)
    rows[start + i] = value
    if (!Number.isFinite(rows[start + i])) invalid(`${path(row)}[${i}]: expected a number that fits float32, got ${show(value)}`)
  }
}
