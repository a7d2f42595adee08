import type { ModelDescription } from '../containers/container.js'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'
import { allocateInputs, type FloatInputs, type Inputs } from './inputs.js'
import { readTypedInputs } from './typed-inputs.js'

function invalid(message: string): never {
  throw new ServeError('QUERY_INVALID', message)
}

type PathOf = (row: number) => string

/**
 * Checks rows as JSON gives them against what the model takes: an array of finite numbers (that fit float32, or 32-bit integers), a string,
 * or bytes in base64. Without a model they are arrays of numbers of any length, and nothing of them is kept.
 * @param pathOf how row `row` is called in the request
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readRows(given: readonly unknown[], model: ModelDescription | undefined, pathOf: PathOf): Inputs {
  if (model !== undefined && (model.inputType !== 'floats' || model.inputSize === null))
    return readTypedInputs(model.inputType, model.inputSize, given, pathOf)
  const width = model?.inputSize ?? undefined
  for (let row = 0; row < given.length; row++) checkLength(given[row], width, pathOf, row)
  const inputs = allocateInputs(given.length, width ?? 0)
  for (let row = 0; row < given.length; row++) fill(inputs, row, given[row] as unknown[], pathOf, width !== undefined)
  return inputs
}

function checkLength(input: unknown, width: number | undefined, pathOf: PathOf, row: number): void {
  if (!Array.isArray(input)) invalid(`${pathOf(row)}: expected an array of numbers, got ${shown(input)}`)
  if (width !== undefined && input.length !== width) invalid(`${pathOf(row)}: expected ${width} numbers, got ${input.length}`)
}

/** Checks row `row`, and writes it where a model is there to take it. */
function fill({ slab, start, width }: FloatInputs, row: number, input: readonly unknown[], pathOf: PathOf, kept: boolean): void {
  const begin = start + row * width
  for (let i = 0; i < input.length; i++) {
    const value = input[i]
    if (typeof value !== 'number' || !Number.isFinite(value)) invalid(`${pathOf(row)}[${i}]: expected a finite number, got ${shown(value)}`)
    if (!Number.isFinite(Math.fround(value))) invalid(`${pathOf(row)}[${i}]: expected a number that fits float32, got ${value}`)
    if (kept) slab.floats[begin + i] = value
  }
}
