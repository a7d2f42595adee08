import { ServeError } from '../errors.js'
import type { Inputs } from '../query/inputs.js'
import { readRows } from '../query/read-rows.js'
import { invalid } from '../refusals.js'
import type { Taken } from '../registry/model.js'
import { type Body, parseBody } from './json-body.js'
import { checkArrays, checkCount, type RequestLimits } from './request-limits.js'

const EXPECTED = '{"input": [...]} or {"input_batch": [[...], ...]}'

/** A predict body; its inputs are still to be checked against the model. @throws ServeError `QUERY_INVALID` */
export function parsePredictBody(text: string, limits: RequestLimits): Body {
  checkArrays(text, limits)
  return parseBody(text, EXPECTED)
}

/** @throws ServeError `QUERY_INVALID` */
export function readVersion({ version }: Body): string | undefined {
  if (version === undefined || typeof version === 'string') return version
  if (typeof version === 'number' && Number.isSafeInteger(version)) return String(version)
  return invalid('version', 'a string or a whole number', version)
}

const inputPath = () => 'input'
const batchPath = (row: number) => `input_batch[${row}]`

/** Whether the answer is to be a batch's. */
export const isBatch = (body: Body) => body.input_batch !== undefined

/**
 * Checks the inputs against what is taken: an array of finite numbers (that fit float32, or 32-bit integers), a string, or bytes in base64.
 * @throws ServeError `QUERY_INVALID` naming the first wrong field's path
 */
export function readInputs(body: Body, taken: Taken, limits: RequestLimits): Inputs {
  const { input, input_batch: batch } = body
  if (batch === undefined) {
    if (input === undefined) throw new ServeError('QUERY_INVALID', `input: missing; expected ${EXPECTED}`)
    return readRows([input], taken, inputPath)
  }
  if (input !== undefined) throw new ServeError('QUERY_INVALID', 'input: given together with input_batch; send one of them')
  if (!Array.isArray(batch)) invalid('input_batch', 'an array of inputs', batch)
  checkCount(batch, limits, 'input_batch', 'inputs')
  return readRows(batch, taken, batchPath)
}
