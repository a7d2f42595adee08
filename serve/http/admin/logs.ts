import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { LOG_LEVELS, type LogBook, type LogFilter, type LogLevel } from '../../log/log-book.js'
import { checkOptions, refuse } from '../../refusals.js'
import { INTEGER, STRING } from '../schemas.js'
import type { EventStream } from '../streams/event-stream.js'

const USUAL_LINES = 100
const MOST_LINES = 10_000

type Query = Readonly<Record<'level' | 'request' | 'model' | 'limit' | 'follow', unknown>>

/** @throws ServeError `SERVE_OPTION` */
function readQuery(query: unknown): { filter: LogFilter; limit: number; follow: boolean } {
  const given = checkOptions<Query>('logs', query as Query, ['level', 'request', 'model', 'limit', 'follow'])
  const { level = 'info', request, model, limit = String(USUAL_LINES), follow = 'false' } = given
  if (typeof level !== 'string' || !Object.hasOwn(LOG_LEVELS, level)) refuse('level', level, Object.keys(LOG_LEVELS).join(', '))
  for (const [name, value] of Object.entries({ request, model }))
    if (value !== undefined && (typeof value !== 'string' || value === '')) refuse(name, value, 'one value')
  const isCount = typeof limit === 'string' && /^\d{1,5}$/.test(limit) && Number(limit) <= MOST_LINES
  if (!isCount) refuse('limit', limit, `a whole number from 0 to ${MOST_LINES}`)
  if (follow !== 'true' && follow !== 'false') refuse('follow', follow, 'true or false')
  const filter = { level: level as LogLevel, request: request as string | undefined, model: model as string | undefined }
  return { filter, limit: Number(limit), follow: follow === 'true' }
}

/** `GET /admin/logs`: the last lines of the log, one of JSON each; with `follow` as server-sent events, and new ones as they are written. */
export function logsRoute(admin: FastifyInstance, book: LogBook, openStream: (reply: FastifyReply) => EventStream): void {
  const doc = {
    tag: 'Admin',
    summary: "The last lines of the log, containers' output included; with follow=true as server-sent events, and new ones as they come",
    query: { level: { enum: Object.keys(LOG_LEVELS) }, request: STRING, model: STRING, limit: INTEGER, follow: { type: 'boolean' } },
    answerType: 'application/x-ndjson',
  }
  admin.get('/logs', { config: { access: 'admin', doc } }, (request: FastifyRequest, reply: FastifyReply) => {
    const { filter, limit, follow } = readQuery(request.query)
    const lines = book.lines(filter, limit)
    if (!follow) {
      reply.header('content-type', 'application/x-ndjson; charset=utf-8').send(lines.map((line) => `${line}\n`).join(''))
      return
    }
    const stream = openStream(reply)
    for (const line of lines) stream.send('log', undefined, line)
    stream.onClose = book.follow(filter, (line) => stream.send('log', undefined, line))
  })
}
