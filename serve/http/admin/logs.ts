import type { FastifyInstance, FastifyReply } from 'fastify'
import { LOG_LEVELS, type LogBook, type LogFilter, type LogLevel } from '../../log/log-book.js'
import { checkOptions, refuse } from '../../refusals.js'
import { INTEGER, STRING } from '../schemas.js'
import type { EventStream } from '../streams/event-stream.js'

const USUAL_LINES = 100
const MOST_LINES = 10_000

type Query = Readonly<Record<'level' | 'request' | 'model' | 'limit', unknown>>

/** @throws ServeError `SERVE_OPTION` */
function readQuery(query: unknown): { filter: LogFilter; limit: number } {
  const given = checkOptions<Query>('logs', query as Query, ['level', 'request', 'model', 'limit'])
  const { level = 'info', request, model, limit = String(USUAL_LINES) } = given
  if (typeof level !== 'string' || !Object.hasOwn(LOG_LEVELS, level)) refuse('level', level, Object.keys(LOG_LEVELS).join(', '))
  for (const [name, value] of Object.entries({ request, model }))
    if (value !== undefined && (typeof value !== 'string' || value === '')) refuse(name, value, 'one value')
  const isCount = typeof limit === 'string' && /^\d{1,5}$/.test(limit) && Number(limit) <= MOST_LINES
  if (!isCount) refuse('limit', limit, `a whole number from 0 to ${MOST_LINES}`)
  const filter = { level: level as LogLevel, request: request as string | undefined, model: model as string | undefined }
  return { filter, limit: Number(limit) }
}

const QUERY = { level: { enum: Object.keys(LOG_LEVELS) }, request: STRING, model: STRING, limit: INTEGER }

/**
 * `GET /admin/logs`: the last lines of the log, containers' output included, one of JSON each. `GET /admin/logs/stream`: the same as
 * server-sent events, and then new ones as they are written.
 */
export function logsRoutes(admin: FastifyInstance, book: LogBook, openStream: (reply: FastifyReply) => EventStream): void {
  const doc = {
    tag: 'Admin',
    summary: "The last lines of the log, containers' output included",
    query: QUERY,
    answerType: 'application/x-ndjson',
  }
  admin.get('/logs', { config: { access: 'admin', doc } }, async (request, reply) => {
    const { filter, limit } = readQuery(request.query)
    reply.header('content-type', 'application/x-ndjson; charset=utf-8')
    return book
      .lines(filter, limit)
      .map((line) => `${line}\n`)
      .join('')
  })
  const followed = {
    tag: 'Streams',
    summary: 'The last lines of the log, and new ones as they are written',
    query: QUERY,
    answerType: 'text/event-stream',
  }
  admin.get('/logs/stream', { config: { access: 'admin', doc: followed } }, (request, reply) => {
    const { filter, limit } = readQuery(request.query)
    const stream = openStream(reply)
    for (const line of book.lines(filter, limit)) stream.send('log', undefined, line)
    stream.onClose = book.follow(filter, (line) => stream.send('log', undefined, line))
  })
}
