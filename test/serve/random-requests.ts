/** Requests of every kind, most of them malformed, and what must hold of their answers. */
import fc from 'fast-check'

/** JSON whose fields are named as some API names them, so that what is inside is looked at too. */
const names = ['input', 'input_batch', 'inputs', 'instances', 'examples', 'context', 'outputs', 'parameters', 'name', 'shape', 'datatype']
const more = [
  'data',
  'id',
  'version',
  'user',
  'uid',
  'label',
  'query_id',
  'reward',
  'observation',
  'b64',
  'app_name',
  'model_name',
  'ready',
]
const scalar = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom('FP32', 'INT64', 'push', 'action'),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...names, ...more), tie('value'), { maxKeys: 4 }),
  ),
}))
const numbers = fc.array(fc.oneof(fc.double(), value), { maxLength: 5 })
const nearly = fc.record(
  {
    inputs: fc.array(
      fc.record(
        {
          name: fc.constant('observation'),
          shape: fc.oneof(fc.constant([1, 4]), value),
          datatype: fc.constantFrom('FP32', 'BYTES', 'INT8'),
          data: numbers,
          parameters: value,
        },
        { requiredKeys: ['name'] },
      ),
      { maxLength: 2 },
    ),
    outputs: fc.array(fc.record({ name: fc.constantFrom('action', 'x'), parameters: value }), { maxLength: 2 }),
    instances: fc.array(fc.oneof(numbers, fc.record({ observation: numbers })), { maxLength: 3 }),
    examples: fc.array(fc.record({ observation: numbers }), { maxLength: 3 }),
    input: numbers,
  },
  { requiredKeys: [] },
)
const text = fc.oneof(
  value.map((given) => JSON.stringify(given)),
  nearly.map((given) => JSON.stringify(given)),
  fc.string(),
)
const body = fc.oneof(
  text.map((given) => Buffer.from(given ?? '')),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
)
/** A header about the body, which may or may not be so. */
const jsonLength = fc.oneof(
  fc.constant(undefined),
  fc.nat({ max: 200 }).map(String),
  fc.string().filter((given) => /^[\x21-\x7e]*$/.test(given)),
)

/** Calls of every API, of a server that serves a policy of four numbers as `push`. */
const URLS = [
  '/push/predict',
  '/push/update',
  '/push/stream',
  '/v2/models/push/infer',
  '/v2/models/push/versions/1/infer',
  '/v2/repository/index',
  '/v2/repository/models/nothing/load',
  '/v2/repository/models/nothing/unload',
  '/v1/models/push:predict',
  '/v1/models/push/labels/stable:classify',
  '/v1/models/push:regress',
  '/admin/add_app',
  '/admin/add_model',
  '/admin/add_model_links',
  '/admin/get_model',
  '/admin/set_replicas',
  '/admin/get_container',
  '/admin/publish?name=other&isolation=inline',
]

export interface RandomRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export const randomRequest: fc.Arbitrary<RandomRequest> = fc
  .tuple(fc.constantFrom(...URLS), body, jsonLength)
  .map(([path, sent, length]) => {
    const type = path.startsWith('/admin/publish') ? 'application/octet-stream' : 'application/json'
    const isLong = length !== undefined && path.endsWith('/infer')
    return { path, body: sent, headers: { 'content-type': type, ...(isLong && { 'inference-header-content-length': length }) } }
  })

/**
 * A field's path, such as `inputs[0].shape`, or a header's name, or the body or the model as a whole, and what is the matter with it; of a
 * version Clipper's own words.
 */
const TOLD =
  /^(the (body|JSON|batch|message|model|file)\b|"?[\w-]+"?(\[\d+\]|\["[^"]*"\]|\.\w+)*((, \w+)*: | is | has | was | holds | takes )|what \w+ was given|no \w+ is named|there is no |Requested version: |[\w.-]+:\d+: )/

/** What is wrong with an answer; undefined when nothing is: it is 200, or 4xx and says which field is to blame. */
export function wrongAnswer({ path, body: sent }: RandomRequest, status: number, text: string): string | undefined {
  const wrong = (why: string) => `${why}: ${status} for ${path} ${JSON.stringify(sent.toString())}: ${text}`
  if (status === 200) return undefined
  if (status < 400 || status >= 500) return wrong('not a refusal')
  const { error, cause } = JSON.parse(text) as { error?: unknown; cause?: unknown }
  const told = path.startsWith('/v') ? error : cause
  if (typeof error !== 'string' || typeof told !== 'string') return wrong('without a cause')
  return TOLD.test(told) ? undefined : wrong('without the path of a field')
}
