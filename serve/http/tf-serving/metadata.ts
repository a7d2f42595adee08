import type { OutputDescription } from '../../containers/container.js'
import type { ElementType } from '../../containers/element-types.js'
import type { InputSpec, Signature } from '../../query/signature.js'
import type { Model, ModelVersion } from '../../registry/model.js'

const DTYPES: Readonly<Record<ElementType, string>> = {
  floats: 'DT_FLOAT',
  doubles: 'DT_DOUBLE',
  integers: 'DT_INT32',
  bytes: 'DT_STRING',
  strings: 'DT_STRING',
  json: 'DT_STRING',
}

/** (int64 is a string in protobuf's JSON.) */
const dimension = (size: number) => ({ size: String(size), name: '' })

const tensorInfo = ({ name, type, shape }: InputSpec | OutputDescription) => ({
  dtype: DTYPES[type],
  tensor_shape: { dim: [-1, ...shape].map(dimension), unknown_rank: false },
  name: `${name}:0`,
})

/** As `GET /v1/models/M/metadata` answers. */
export function metadataJson({ name, version }: ModelVersion, { input, outputs }: Signature): object {
  const infos = (specs: readonly (InputSpec | OutputDescription)[]) =>
    Object.fromEntries(specs.map((spec) => [spec.name, tensorInfo(spec)]))
  const signature = { inputs: infos([input]), outputs: infos(outputs), method_name: 'tensorflow/serving/predict' }
  return {
    model_spec: { name, signature_name: '', version },
    metadata: { signature_def: { signature_def: { serving_default: signature } } },
  }
}

const statusJson = ({ version, dispatcher: { ready } }: ModelVersion) => ({
  version,
  state: ready ? 'AVAILABLE' : 'LOADING',
  status: { error_code: 'OK', error_message: '' },
})

/** By when they were published, the newest first. (After a restart they lie in the order in which they became warm.) */
const newestFirst = (versions: Iterable<ModelVersion>) =>
  [...versions].sort((a, b) => (b.record.publishedAt ?? 0) - (a.record.publishedAt ?? 0) || Number(b.version) - Number(a.version))

/** As `GET /v1/models/M` answers: the newest version first. */
export const statusesJson = (versions: Iterable<ModelVersion>): object => ({ model_version_status: newestFirst(versions).map(statusJson) })

/**
 * Labels are not given by hand: `stable` is the version that answers queries, `previous` the one that a rollback would go back to, and
 * `latest` the one that was published last.
 */
export function labelled({ current, versions }: Model, label: string): ModelVersion | undefined {
  const all = newestFirst(versions.values())
  if (label === 'stable') return current
  if (label === 'latest') return all[0]
  if (label !== 'previous') return undefined
  return all.filter((version) => version !== current).sort((a, b) => b.record.currentSince - a.record.currentSince)[0]
}
