import { ServeError } from '../../errors.js'
import type { Signature } from '../../query/signature.js'
import { didYouMean, invalid } from '../../refusals.js'
import { parseBody } from '../json-body.js'
import { checkArrays, type RequestLimits } from '../request-limits.js'
import { BinaryPart, type Fields, fieldsOf, readTensor, type Tensor } from './tensors.js'

const EXPECTED = '{"inputs": [{"name", "shape", "datatype", "data"}]}'
const DEFAULT_LIMIT_MS = 10_000
const LONGEST_LIMIT_MS = 3_600_000

/** An output that is to be answered. */
export interface WantedOutput {
  readonly name: string
  /** As bytes after the JSON. */
  readonly binary: boolean
}

export interface InferRequest {
  readonly id: string | undefined
  readonly inputs: readonly Tensor[]
  /** undefined: all of the model's. */
  readonly outputs: readonly WantedOutput[] | undefined
  /** Of outputs that are not named one by one. */
  readonly binary: boolean
  /** How long the answer is waited for. */
  readonly withinMs: number
}

/** How many bytes of the body are JSON; the rest is tensors. */
function jsonLength(header: unknown, bytes: number): number {
  if (header === undefined) return bytes
  const length = typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : Number.NaN
  if (length <= bytes) return length
  return invalid('Inference-Header-Content-Length', `a whole number up to the body's ${bytes} bytes`, header)
}

/** @throws ServeError `QUERY_INVALID` naming the first wrong field's path */
export function readInferRequest(body: Buffer, header: unknown, limits: RequestLimits): InferRequest {
  const length = jsonLength(header, body.length)
  if (length > limits.maxBodyBytes) {
    const most = `${limits.maxBodyBytes} (the server's maxBodyBytes)`
    throw new ServeError(
      'BODY_TOO_LARGE',
      `the JSON is ${length} bytes; expected at most ${most}: send tensors as binary data, or several requests`,
    )
  }
  const text = body.toString('utf8', 0, length)
  checkArrays(text, limits)
  const fields = parseBody(text, EXPECTED)
  const { id, inputs, outputs } = fields
  if (id !== undefined && typeof id !== 'string') invalid('id', 'a string', id)
  if (!Array.isArray(inputs) || inputs.length === 0) invalid('inputs', 'an array of tensors', inputs)
  const binaryPart = new BinaryPart(body.subarray(length))
  const tensors = (inputs as unknown[]).map((input, i) => readTensor(input, `inputs[${i}]`, binaryPart))
  binaryPart.end()
  const parameters = fields.parameters === undefined ? {} : fieldsOf(fields.parameters, 'parameters')
  const binary = flag(parameters, 'binary_data_output', 'parameters') ?? false
  return { id: id as string | undefined, inputs: tensors, outputs: readOutputs(outputs, binary), binary, withinMs: limitOf(parameters) }
}

function flag(parameters: Fields, name: string, path: string): boolean | undefined {
  const value = parameters[name]
  if (value === undefined || typeof value === 'boolean') return value
  return invalid(`${path}.${name}`, 'true or false', value)
}

/** `timeout` is in microseconds, as Triton's. */
function limitOf({ timeout }: Fields): number {
  if (timeout === undefined || timeout === 0) return DEFAULT_LIMIT_MS
  const ms = typeof timeout === 'number' ? timeout / 1000 : Number.NaN
  return ms > 0 && ms <= LONGEST_LIMIT_MS ? ms : invalid('parameters.timeout', `microseconds, up to ${1000 * LONGEST_LIMIT_MS}`, timeout)
}

function readOutputs(outputs: unknown, binary: boolean): WantedOutput[] | undefined {
  if (outputs === undefined) return undefined
  if (!Array.isArray(outputs)) return invalid('outputs', 'an array', outputs)
  if (outputs.length === 0) return undefined
  return outputs.map((output, i) => {
    const { name, parameters: given } = fieldsOf(output, `outputs[${i}]`)
    if (typeof name !== 'string') return invalid(`outputs[${i}].name`, 'a string', name)
    const path = `outputs[${i}].parameters`
    const parameters = given === undefined ? {} : fieldsOf(given, path)
    for (const unknown of ['classification', 'shared_memory_region']) {
      if (parameters[unknown] !== undefined)
        invalid(`${path}.${unknown}`, 'nothing: this extension is not offered here', parameters[unknown])
    }
    return { name, binary: flag(parameters, 'binary_data', path) ?? binary }
  })
}

/** The outputs to answer, the model's own where none was named. @throws ServeError `QUERY_INVALID` for one that the model has not */
export function wantedOutputs({ outputs, binary }: InferRequest, signature: Signature): readonly WantedOutput[] {
  const names = signature.outputs.map(({ name }) => name)
  if (outputs === undefined) return names.map((name) => ({ name, binary }))
  for (const [i, { name }] of outputs.entries()) {
    if (!names.includes(name))
      throw new ServeError('QUERY_INVALID', `outputs[${i}].name: the model has no output "${name}"${didYouMean(name, names)}`)
  }
  return outputs
}
