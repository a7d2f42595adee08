import type { ModelDescription } from '../containers/container.js'
import { ServeError } from '../errors.js'
import { allocateInputs, type FloatInputs, type Inputs } from '../query/inputs.js'
import { readTypedInputs } from '../query/typed-inputs.js'
import { shown } from '../refusals.js'
import { type Body, parseBody } from './json-body.js'

/** Reading and queueing a request must not keep the others waiting for longer than a deadline's fraction. */
const MOST_INPUTS = 4096
const EXPECTED = '{"input": [...]} or {"input_batch": [[...], ...]}'
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b

function invalid(message: string): never {
  throw new ServeError('QUERY_INVALID', message)
}

/**
 * JSON of many or deeply nested arrays takes a second a few megabytes, so it is refused unread.
 * A body too short to hold too many is not looked at.
 */
function checkArrays(text: string): void {
  const most = 2 * MOST_INPUTS
  if (text.length <= 2 * most) return
  let arrays = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === OPENING_BRACKET || code === OPENING_BRACE) arrays++
  }
  if (arrays > most) invalid(`the body holds ${arrays} arrays and objects; expected at most ${MOST_INPUTS} inputs a request: send several`)
}

/** A predict body; its inputs are still to be checked against the model. @throws ServeError `QUERY_INVALID` */
export function parsePredictBody(text: string): Body {
  checkArrays(text)
  return parseBody(text, EXPECTED)
}

/** @throws ServeError `QUERY_INVALID` */
export function readVersion({ version }: Body): string | undefined {
  if (version === undefined || typeof version === 'string') return version
  if (typeof version === 'number' && Number.isSafeInteger(version)) return String(version)
  return invalid(`version: expected a string or a whole number, got ${shown(version)}`)
}

/** Whether the answer is to be a batch's. */
export const isBatch = (body: Body) => body.input_batch !== undefined

/**
 * Checks the inputs against what the model takes: an array of finite numbers (that fit float32, or 32-bit integers), a string, or bytes in
 * base64. Without a model they are arrays of numbers of any length, and nothing of them is kept.
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readInputs(body: Body, model: ModelDescription | undefined): Inputs {
  const { input, input_batch: batch } = body
  if (batch === undefined) {
    if (input === undefined) invalid(`input: missing; expected ${EXPECTED}`)
    return rows([input], model, false)
  }
  if (input !== undefined) invalid('input: given together with input_batch; send one of them')
  if (!Array.isArray(batch)) invalid(`input_batch: expected an array of inputs, got ${shown(batch)}`)
  if (batch.length > MOST_INPUTS)
    invalid(`input_batch: expected at most ${MOST_INPUTS} inputs a request, got ${batch.length}: send several`)
  return rows(batch, model, true)
}

function rows(given: readonly unknown[], model: ModelDescription | undefined, batch: boolean): Inputs {
  if (model !== undefined && (model.inputType !== 'floats' || model.inputSize === null))
    return readTypedInputs(model.inputType, model.inputSize, given, (row) => path(batch, row))
  const width = model?.inputSize ?? undefined
  for (let row = 0; row < given.length; row++) checkLength(given[row], width, batch, row)
  const inputs = allocateInputs(given.length, width ?? 0)
  for (let row = 0; row < given.length; row++) fill(inputs, row, given[row] as unknown[], batch, width !== undefined)
  return inputs
}

const path = (batch: boolean, row: number) => (batch ? `input_batch[${row}]` : 'input')

function checkLength(input: unknown, width: number | undefined, batch: boolean, row: number): void {
  if (!Array.isArray(input)) invalid(`${path(batch, row)}: expected an array of numbers, got ${shown(input)}`)
  if (width !== undefined && input.length !== width) invalid(`${path(batch, row)}: expected ${width} numbers, got ${input.length}`)
}

/** Checks row `row`, and writes it where a model is there to take it. */
function fill({ slab, start, width }: FloatInputs, row: number, input: readonly unknown[], batch: boolean, kept: boolean): void {
  const begin = start + row * width
  for (let i = 0; i < input.length; i++) {
    const value = input[i]
    if (typeof value !== 'number' || !Number.isFinite(value))
      invalid(`${path(batch, row)}[${i}]: expected a finite number, got ${shown(value)}`)
    if (!Number.isFinite(Math.fround(value))) invalid(`${path(batch, row)}[${i}]: expected a number that fits float32, got ${value}`)
    if (kept) slab.floats[begin + i] = value
  }
}
