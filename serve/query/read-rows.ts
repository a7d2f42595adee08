import { invalid } from '../refusals.js'
import type { Taken } from '../registry/model.js'
import { allocateInputs, type FloatInputs, type Inputs } from './inputs.js'
import { readTypedInputs } from './typed-inputs.js'

type PathOf = (row: number) => string

/**
 * Checks rows as JSON gives them against what is taken: an array of finite numbers (that fit float32, or 32-bit integers), a string, or
 * bytes in base64.
 * @param pathOf how row `row` is called in the request
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readRows(given: readonly unknown[], { inputType, inputSize }: Taken, pathOf: PathOf): Inputs {
  if (inputType !== 'floats' || inputSize === null) return readTypedInputs(inputType, inputSize, given, pathOf)
  for (let row = 0; row < given.length; row++) checkLength(given[row], inputSize, pathOf, row)
  const inputs = allocateInputs(given.length, inputSize)
  for (let row = 0; row < given.length; row++) fill(inputs, row, given[row] as unknown[], pathOf)
  return inputs
}

function checkLength(input: unknown, width: number, pathOf: PathOf, row: number): void {
  if (!Array.isArray(input)) invalid(pathOf(row), 'an array of numbers', input)
  if (input.length !== width) invalid(pathOf(row), `${width} numbers`, input.length)
}

/** Checks row `row`, and writes it. */
function fill({ slab, start, width }: FloatInputs, row: number, input: readonly unknown[], pathOf: PathOf): void {
  const begin = start + row * width
  for (let i = 0; i < width; i++) {
    const value = input[i]
    if (typeof value !== 'number' || !Number.isFinite(value)) invalid(`${pathOf(row)}[${i}]`, 'a finite number', value)
    if (!Number.isFinite(Math.fround(value))) invalid(`${pathOf(row)}[${i}]`, 'a number that fits float32', value)
    slab.floats[begin + i] = value
  }
}
