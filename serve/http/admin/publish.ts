import type { FastifyInstance } from 'fastify'
import type { Kind } from '../../containers/kinds.js'
import { refuse } from '../../refusals.js'
import type { Publisher } from '../../registry/publisher.js'
import { INTEGER, STRING } from '../schemas.js'
import { MODEL, modelJson } from './json.js'

const LARGEST_ARTIFACT_BYTES = 1024 ** 3

interface PublishQuery {
  name?: string
  version?: string
  replicas?: string
  isolation?: string
  kind?: string
}

function wholeNumber(name: string, given: unknown): number {
  if (typeof given !== 'string' || !/^\d+$/.test(given)) refuse(name, given, 'a whole number')
  return Number(given)
}

/** `POST /admin/publish`, whose body is a model file's bytes. */
export function publishRoute(upload: FastifyInstance, publisher: Publisher): void {
  upload.removeAllContentTypeParsers()
  upload.addContentTypeParser(
    'application/octet-stream',
    { parseAs: 'buffer', bodyLimit: LARGEST_ARTIFACT_BYTES },
    (_request, body, done) => done(null, body),
  )
  const doc = {
    tag: 'Admin',
    summary: "Puts a policy file's bytes live; answers once it is warm",
    query: { name: STRING, version: STRING, replicas: INTEGER, isolation: STRING, kind: STRING },
    body: { type: 'string', format: 'binary' },
    bodyType: 'application/octet-stream',
    answer: MODEL,
  }
  upload.post<{ Querystring: PublishQuery }>(
    '/publish',
    { bodyLimit: LARGEST_ARTIFACT_BYTES, config: { access: 'admin', doc } },
    async (request) => {
      const { name = '', version, replicas, isolation, kind } = request.query
      const bytes = request.body instanceof Uint8Array ? request.body : new Uint8Array(0)
      const record = await publisher.publish(name, bytes, {
        version,
        replicas: replicas === undefined ? undefined : wholeNumber('replicas', replicas),
        isolation: isolation as 'process' | undefined,
        kind: kind as Kind | undefined,
      })
      return modelJson(record)
    },
  )
}
