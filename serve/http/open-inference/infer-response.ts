import type { BlockResult } from '../../batching/block.js'
import type { OutputDescription } from '../../containers/container.js'
import { type Column, type ElementType, itemOf, sizeOf } from '../../containers/element-types.js'
import { ServeError } from '../../errors.js'
import type { Signature } from '../../query/signature.js'
import { type Datatype, type TensorData, toBytes, toJson, type Values } from './datatypes.js'
import type { WantedOutput } from './infer-request.js'

const DATATYPES: Readonly<Record<ElementType, Datatype>> = {
  floats: 'FP32',
  doubles: 'FP64',
  integers: 'INT32',
  bytes: 'BYTES',
  strings: 'BYTES',
  json: 'BYTES',
}

/** A byte by itself is a number; several are a text. */
export const datatypeOf = ({ type, shape }: Pick<OutputDescription, 'type' | 'shape'>, isInput = false): Datatype =>
  type === 'bytes' && shape.length === (isInput ? 1 : 0) ? 'UINT8' : DATATYPES[type]

/** Of one item, in the protocol's words: a text has none. */
export const shapeOf = (spec: Pick<OutputDescription, 'type' | 'shape'>, isInput = false): readonly number[] =>
  datatypeOf(spec, isInput) === 'BYTES' ? [] : spec.shape

/** An output's rows as a tensor. @throws ServeError `MODEL_FAILED` where rows have different lengths, which no tensor has */
function tensorOf(column: Column, rows: number, spec: OutputDescription): { shape: readonly number[]; data: TensorData } {
  if (datatypeOf(spec) === 'BYTES') {
    const texts = Array.from({ length: rows }, (_, row) => {
      const { buffer, byteOffset, byteLength } = itemOf(column, row, rows)
      return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength)
    })
    return { shape: [rows], data: texts }
  }
  const { elements, offsets } = column
  const size = rows === 0 ? 0 : elements.length / rows
  if (offsets?.some((offset, row) => offset !== row * size))
    throw new ServeError('MODEL_FAILED', `${spec.name}: its rows have different lengths, which a tensor cannot have`)
  const known = sizeOf(spec.shape.filter((side) => side >= 0))
  return { shape: [rows, ...spec.shape.map((side) => (side >= 0 ? side : size / known))], data: elements as Values }
}

/** The part of an answer that every output shares. */
interface Head {
  readonly model: string
  readonly version: string
  readonly id: string | undefined
}

interface InferAnswer {
  readonly body: string | Buffer
  /** Bytes of JSON at the body's beginning; undefined where it is all of it. */
  readonly jsonLength: number | undefined
}

/** The answer's body: JSON, and after it the outputs that were asked for as bytes. */
export function inferAnswer(
  { model, version, id }: Head,
  { outputs: specs }: Signature,
  wanted: readonly WantedOutput[],
  rows: number,
  result: BlockResult,
): InferAnswer {
  const parts: Uint8Array[] = []
  const outputs = wanted.map(({ name, binary }) => {
    const at = specs.findIndex((spec) => spec.name === name)
    const { shape, data } = tensorOf(result[at]!, rows, specs[at]!)
    const head = `{"name":${JSON.stringify(name)},"shape":[${shape}],"datatype":"${datatypeOf(specs[at]!)}"`
    if (!binary) return `${head},"data":${toJson(data)}}`
    const bytes = toBytes(data)
    parts.push(bytes)
    return `${head},"parameters":{"binary_data_size":${bytes.length}}}`
  })
  const idJson = id === undefined ? '' : `"id":${JSON.stringify(id)},`
  const json = `{${idJson}"model_name":${JSON.stringify(model)},"model_version":${JSON.stringify(version)},"outputs":[${outputs}]}`
  if (parts.length === 0) return { body: json, jsonLength: undefined }
  const head = Buffer.from(json)
  return { body: Buffer.concat([head, ...parts]), jsonLength: head.length }
}
