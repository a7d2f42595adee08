import type { BlockResult } from '../../batching/block.js'
import type { Signature, TensorSpec } from '../../query/signature.js'
import { type Datatype, type TensorData, toBytes, toJson } from './datatypes.js'
import type { WantedOutput } from './infer-request.js'

const DATATYPE: Readonly<Record<TensorSpec['type'], Datatype>> = { integer: 'INT32', floats: 'FP32' }
export const datatypeOf = ({ type }: TensorSpec): Datatype => DATATYPE[type]

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
    const spec = specs[at]!
    const data: TensorData = at === 0 ? result.outputs : result.extras.get(name)!
    const head = `{"name":${JSON.stringify(name)},"shape":[${[rows, ...spec.shape]}],"datatype":"${datatypeOf(spec)}"`
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
