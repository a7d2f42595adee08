import { ServeError } from '../errors.js'
import { allocateInputs, type Inputs } from '../query/inputs.js'
import { shown } from '../refusals.js'
import { type Body, parseBody } from './json-body.js'
import { checkArrays, MOST_INPUTS } from './json-limits.js'

const EXPECTED = '{"input": [...]} or {"input_batch": [[...], ...]}'

function invalid(message: string): never {
  throw new ServeError('QUERY_INVALID', message)
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
 * Checks the inputs, each an array of `width` finite numbers that fit float32; of any length where `width` is undefined.
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readInputs(body: Body, width: number | undefined): Inputs {
  const { input, input_batch: batch } = body
  if (batch === undefined) {
    if (input === undefined) invalid(`input: missing; expected ${EXPECTED}`)
    return rows([input], width, false)
  }
  if (input !== undefined) invalid('input: given together with input_batch; send one of them')
  if (!Array.isArray(batch)) invalid(`input_batch: expected an array of inputs, got ${shown(batch)}`)
  if (batch.length > MOST_INPUTS)
    invalid(`input_batch: expected at most ${MOST_INPUTS} inputs a request, got ${batch.length}: send several`)
  return rows(batch, width, true)
}

function rows(given: readonly unknown[], width: number | undefined, batch: boolean): Inputs {
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
function fill({ slab, start, width }: Inputs, row: number, input: readonly unknown[], batch: boolean, kept: boolean): void {
  const begin = start + row * width
  for (let i = 0; i < input.length; i++) {
    const value = input[i]
    if (typeof value !== 'number' || !Number.isFinite(value))
      invalid(`${path(batch, row)}[${i}]: expected a finite number, got ${shown(value)}`)
    if (!Number.isFinite(Math.fround(value))) invalid(`${path(batch, row)}[${i}]: expected a number that fits float32, got ${value}`)
    if (kept) slab.floats[begin + i] = value
  }
}
