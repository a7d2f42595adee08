import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What a TensorFlow.js `model.json` holds; the weights lie in files beside it. */
interface ModelJson {
  readonly format?: string
  readonly modelTopology?: unknown
  readonly weightsManifest?: readonly { readonly paths: readonly string[]; readonly weights: readonly unknown[] }[]
}

/** A model as one artifact: the length of the JSON, the JSON, the weights. */
const LENGTH_BYTES = 4

/** Puts a `model.json` and its weight files together. @throws Error for a file that is missing or no model */
export async function packTfjs(path: string): Promise<Uint8Array> {
  const json = JSON.parse(await readFile(path, 'utf8')) as ModelJson
  const { modelTopology, weightsManifest, format = 'layers-model' } = json
  if (modelTopology === undefined || weightsManifest === undefined) throw new Error(`${path} has no modelTopology and weightsManifest`)
  const files = weightsManifest.flatMap(({ paths }) => paths)
  for (const file of files) if (/(^|[\\/])\.\.([\\/]|$)/.test(file)) throw new Error(`${path} names weights outside its folder: ${file}`)
  const weights = await Promise.all(files.map((file) => readFile(join(dirname(path), file))))
  const weightSpecs = weightsManifest.flatMap((group) => group.weights)
  return pack({ format, modelTopology, weightSpecs }, Buffer.concat(weights))
}

interface Header {
  readonly format: string
  readonly modelTopology: unknown
  readonly weightSpecs: readonly unknown[]
}

function pack(header: Header, weights: Uint8Array): Uint8Array {
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32LE(json.length)
  return Buffer.concat([length, json, weights])
}

/** @throws Error for bytes that `packTfjs` did not make */
export function unpackTfjs(artifact: Uint8Array): Header & { readonly weightData: ArrayBuffer } {
  const bytes = Buffer.from(artifact.buffer, artifact.byteOffset, artifact.byteLength)
  const length = bytes.length < LENGTH_BYTES ? 0 : bytes.readUInt32LE(0)
  if (length === 0 || length > bytes.length - LENGTH_BYTES)
    throw new Error('the artifact is no packed TensorFlow.js model: publish its model.json')
  const header = JSON.parse(bytes.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + length)) as Header
  const weightData = new Uint8Array(bytes.subarray(LENGTH_BYTES + length)).buffer
  return { ...header, weightData }
}
