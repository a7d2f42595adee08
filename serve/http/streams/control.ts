import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { WebSocket, WebSocketServer } from 'ws'
import { ServeError } from '../../errors.js'
import type { FeedbackDesk } from '../../query/feedback.js'
import type { QueryPath } from '../../query/query-path.js'
import { shown } from '../../refusals.js'
import type { Registry } from '../../registry/registry.js'
import type { Gate } from '../../security/gate.js'
import { answerFields, errorFields } from '../answer-json.js'
import type { Cors } from '../cors.js'
import { readQueryId, readUser, readVerdict } from '../feedback-body.js'
import { isOwnOrigin, tokenIn } from '../guard.js'
import type { Body } from '../json-body.js'
import { isBatch, parsePredictBody, readInputs, readVersion } from '../predict-body.js'
import { rawRefusal } from '../raw-answer.js'
import type { RequestLimits } from '../request-limits.js'

const PATH = /^\/([\w.-]{1,128})\/control(?:\?|$)/
const PROTOCOL = 'gymnura'
/** A browser's WebSocket has no headers of its own: the token comes as a subprotocol, in base64url. */
const BEARER_PROTOCOL = /^bearer\.([\w-]+)$/
/** A client that does not read its answers is hung up on. */
const MOST_BUFFERED_BYTES = 4 * 1024 ** 2
const PING_MS = 15_000
const GOING_AWAY = 1001
const POLICY_VIOLATION = 1008
/** Then clients that do not hang up themselves are hung up on. */
const LAST_WORDS_MS = 500

interface Parts {
  readonly registry: Registry
  readonly path: QueryPath
  readonly desk: FeedbackDesk
  readonly gate: Gate
  readonly cors: Cors
  readonly limits: RequestLimits
}

/** The protocols that the client offers. */
const offered = ({ headers }: IncomingMessage) => (headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim())

function tokenOf(request: IncomingMessage): string | undefined {
  const encoded = offered(request)
    .map((protocol) => BEARER_PROTOCOL.exec(protocol)?.[1])
    .find((token) => token !== undefined)
  return encoded === undefined ? tokenIn(request.headers.authorization) : Buffer.from(encoded, 'base64url').toString()
}

/**
 * WebSockets for control loops: `ws://…/{application}/control`. A message is JSON, `{"id"?, "input", "user"?, "version"?}`, answered with
 * `{"id"?, "query_id", "output", "default", …}`, or feedback, `{"id"?, "query_id", "reward" | "label"}`, answered with `{"id"?, "accepted"}`.
 * What is wrong with a message is told as `{"id"?, "error", "cause"}`, and the loop goes on.
 */
export function controlApi(app: FastifyInstance, parts: Parts): void {
  let server: Promise<WebSocketServer> | undefined
  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    try {
      if (request.headers.upgrade?.toLowerCase() !== 'websocket') return readAgain(app, request, socket, head)
      const admitted = admit(request, parts)
      // Its library is loaded when it is first wanted: a server starts sooner without.
      server ??= makeServer(parts.limits)
      void server.then((ready) => ready.handleUpgrade(request, socket, head, (client) => converse(client, admitted, parts)))
    } catch (error) {
      if (!(error instanceof ServeError)) throw error
      socket.end(rawRefusal(error.status, error.code, error.message))
    }
  }
  app.server.on('upgrade', upgrade)
  app.addHook('preClose', async () => {
    app.server.off('upgrade', upgrade)
    const clients = [...((await server)?.clients ?? [])]
    for (const client of clients) client.close(GOING_AWAY, 'the server is closing')
    setTimeout(() => clients.map((client) => client.terminate()), LAST_WORDS_MS).unref()
  })
}

/**
 * A request that offers to go on in HTTP/2 (Java's client does) is to be answered as if it had not: it is put together again without the
 * offer, and read once more. Node would do so by itself if nobody listened for upgrades.
 */
function readAgain(app: FastifyInstance, { method, url, rawHeaders }: IncomingMessage, socket: Duplex, head: Buffer): void {
  const lines = [`${method} ${url} HTTP/1.1`]
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const isOffer = ['upgrade', 'http2-settings', 'connection'].includes(rawHeaders[i]!.toLowerCase())
    if (!isOffer) lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  app.server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}

async function makeServer({ maxBodyBytes }: RequestLimits): Promise<WebSocketServer> {
  const { WebSocketServer } = await import('ws')
  const handleProtocols = (protocols: Set<string>) => (protocols.has(PROTOCOL) ? PROTOCOL : false)
  return new WebSocketServer({ noServer: true, maxPayload: maxBodyBytes, perMessageDeflate: false, handleProtocols })
}

/** Who talks, about what. */
interface Admitted {
  readonly application: string
  /** Every message counts as a request of this caller. */
  readonly caller: string
  readonly token: string | undefined
}

/** @throws ServeError for whoever may not come in */
function admit(request: IncomingMessage, { registry, gate, cors }: Parts): Admitted {
  const { url = '', headers, socket } = request
  const name = PATH.exec(url)?.[1]
  if (name === undefined)
    throw new ServeError('PATH_UNKNOWN', `${shown(url.split('?')[0])} takes no WebSocket; expected /{application}/control`)
  const { origin } = headers
  // A page of any origin can open a WebSocket to this machine, and browsers ask nobody first.
  if (origin !== undefined && !cors.allows(origin) && !isOwnOrigin(origin, headers.host)) {
    throw new ServeError('SERVE_HOST_REFUSED', `pages of ${shown(origin)} may not call; allow them with cors.origins`)
  }
  const token = tokenOf(request)
  const caller = gate.admit('application', name, token, socket.remoteAddress ?? '')
  return { application: registry.application(name).name, caller, token }
}

function converse(client: WebSocket, { application, caller, token }: Admitted, { registry, path, desk, gate, limits }: Parts): void {
  let alive = true
  const ping = setInterval(() => {
    // Half-open sockets answer no ping.
    if (!alive) client.terminate()
    alive = false
    client.ping()
  }, PING_MS)
  ping.unref()
  client.on('pong', () => {
    alive = true
  })
  const left = gate.visit('application', application, token, () => client.close(POLICY_VIOLATION, 'the token opens this no more'))
  client.on('close', () => {
    clearInterval(ping)
    left()
  })
  client.on('error', () => client.terminate())

  const answer = (id: string, fields: string) => {
    if (client.bufferedAmount > MOST_BUFFERED_BYTES) client.terminate()
    else client.send(`{${id}${fields}}`)
  }
  client.on('message', (data, isBinary) => {
    let id = ''
    try {
      if (isBinary) throw new ServeError('QUERY_INVALID', 'the message is binary; expected JSON')
      const body = parsePredictBody(String(data), limits)
      id = idOf(body)
      gate.count(caller)
      const asked = registry.application(application)
      if (body.query_id !== undefined) {
        const fail = (error: unknown) => answer(id, errorFields(error))
        desk.feedback(asked, readQueryId(body), readVerdict(body)).then((result) => answer(id, JSON.stringify(result).slice(1, -1)), fail)
        return
      }
      if (isBatch(body)) throw new ServeError('QUERY_INVALID', 'input_batch: a message asks about one input; send "input"')
      const version = readVersion(body)
      const inputs = readInputs(body, asked.takes(version), limits)
      path.submit(asked, inputs, { version, user: readUser(body.user, 'user') }, (exchange) => answer(id, answerFields(exchange, 0)))
    } catch (error) {
      answer(id, errorFields(error))
    }
  })
}

/** The message's own id, to be sent back with the answer. @throws ServeError `QUERY_INVALID` */
function idOf({ id }: Body): string {
  if (id === undefined) return ''
  if (typeof id === 'number' || (typeof id === 'string' && id.length <= 256)) return `"id":${JSON.stringify(id)},`
  throw new ServeError('QUERY_INVALID', `id: expected a number or a string of at most 256 characters, got ${shown(id)}`)
}
