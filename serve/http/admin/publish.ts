import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { runsCode } from '../../containers/kinds.js'
import { checkOptions, refuse } from '../../refusals.js'
import type { PublishOptions } from '../../registry/publish-options.js'
import type { Publisher } from '../../registry/publisher.js'
import { INTEGER, STRING } from '../schemas.js'
import { MODEL, modelJson } from './json.js'

const LARGEST_ARTIFACT_BYTES = 1024 ** 3
/** Of kind 'external': what the container will show. A URL would end up in logs. */
const TOKEN_HEADER = 'x-container-token'

/** The options of `publish` as query parameters, by how they are written. */
const TEXTS = ['version', 'isolation', 'kind', 'inputType', 'python', 'engine'] as const
const WHOLE_NUMBERS = ['replicas', 'inputSize', 'maxInFlight'] as const
const JSONS = ['application', 'ifChanged', 'batching', 'limits', 'outputs'] as const

type Query = Readonly<Record<string, unknown>>

const QUERY = {
  name: STRING,
  ...Object.fromEntries(TEXTS.map((name) => [name, STRING])),
  ...Object.fromEntries(WHOLE_NUMBERS.map((name) => [name, INTEGER])),
  ...Object.fromEntries(JSONS.map((name) => [name, { ...STRING, contentMediaType: 'application/json' }])),
}

function text(name: string, given: unknown): string {
  return typeof given === 'string' ? given : refuse(name, given, 'one value')
}

function wholeNumber(name: string, given: unknown): number {
  return typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : refuse(name, given, 'a whole number')
}

function json(name: string, given: unknown): unknown {
  // A policy's name may be written bare.
  if (name === 'batching' && typeof given === 'string' && /^[\w-]+$/.test(given)) return given
  try {
    return JSON.parse(text(name, given))
  } catch {
    return refuse(name, given, 'JSON')
  }
}

/** What the query says; what its values may be is checked where the model is published. @throws ServeError `SERVE_OPTION` */
function optionsIn(query: Query): PublishOptions {
  const { name: _, ...given } = checkOptions<Query>('publish', query, ['name', ...TEXTS, ...WHOLE_NUMBERS, ...JSONS])
  const read = (names: readonly string[], one: (name: string, given: unknown) => unknown) =>
    names.filter((name) => given[name] !== undefined).map((name) => [name, one(name, given[name])])
  return Object.fromEntries([...read(TEXTS, text), ...read(WHOLE_NUMBERS, wholeNumber), ...read(JSONS, json)]) as PublishOptions
}

/** A model that runs no code must not become one that does by what Node, say, reads from its environment. */
function checkEnvironment({ kind = 'policy', limits }: PublishOptions): void {
  if (limits?.env !== undefined && !runsCode(kind))
    refuse('limits.env', limits.env, `none over HTTP for kind "${kind}": an environment can make a program run other code`)
}

/** Who has hung up does not want it any more: it would go live behind their back. */
async function whileThere<T>(socket: Socket, work: (left: AbortSignal) => Promise<T>): Promise<T> {
  const left = new AbortController()
  const leave = () => left.abort()
  // (The server keeps its side open when the other one is closed, so that there are both.)
  for (const event of ['end', 'close']) socket.once(event, leave)
  try {
    return await work(left.signal)
  } finally {
    for (const event of ['end', 'close']) socket.off(event, leave)
  }
}

/** `POST /admin/publish`, whose body is a model file's bytes, or an address. */
export function publishRoute(upload: FastifyInstance, publisher: Publisher): void {
  upload.removeAllContentTypeParsers()
  upload.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer', bodyLimit: LARGEST_ARTIFACT_BYTES },
    (_request, body, done) => done(null, body),
  )
  const doc = {
    tag: 'Admin',
    summary: "Puts a model live: a file's bytes, or the address of a remote model or an image; answers once it is warm",
    query: QUERY,
    body: { type: 'string', format: 'binary' },
    bodyType: 'application/octet-stream',
    answer: MODEL,
  }
  async function publish({ query, body, headers, raw }: FastifyRequest<{ Querystring: Query }>): Promise<object> {
    const options = optionsIn(query)
    checkEnvironment(options)
    const { [TOKEN_HEADER]: token } = headers
    const bytes = body instanceof Uint8Array ? body : new Uint8Array(0)
    const name = query.name === undefined ? '' : text('name', query.name)
    const told = { ...options, ...(token !== undefined && { token: String(token) }) }
    return modelJson(await whileThere(raw.socket, (left) => publisher.publish(name, bytes, told, left)))
  }
  upload.post<{ Querystring: Query }>('/publish', { bodyLimit: LARGEST_ARTIFACT_BYTES, config: { access: 'admin', doc } }, publish)
}
