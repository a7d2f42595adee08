import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Gate } from '../../security/gate.js'
import { tokenIn } from '../guard.js'
import { pathOf } from '../openapi/route-book.js'
import type { RequestsSeen } from '../requests-seen.js'
import { nameIn } from '../route.js'

const KEPT_ALIVE_MS = 15_000
/** A reader that is behind by more than this gets no more events until it has caught up. */
const MOST_BUFFERED_BYTES = 1024 ** 2

/** Server-Sent Events to one reader (WHATWG HTML, section 9.2). */
export class EventStream {
  onClose: () => void = () => {}
  /** Events that a reader who was behind did not get. */
  #dropped = 0
  readonly #raw: ServerResponse
  readonly #keptAlive: NodeJS.Timeout

  /** @param closed called once it is over, before `onClose` */
  constructor(reply: FastifyReply, closed: () => void) {
    reply.hijack()
    this.#raw = reply.raw
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' }
    this.#raw.writeHead(200, { ...headers, 'x-accel-buffering': 'no' } as Record<string, string>)
    this.#raw.flushHeaders()
    // A proxy hangs up on a connection on which nothing is said.
    this.#keptAlive = setInterval(() => this.#raw.write(':\n\n'), KEPT_ALIVE_MS)
    this.#keptAlive.unref()
    this.#raw.on('error', () => {})
    const { socket } = reply.request.raw
    let isOver = false
    const over = () => {
      if (isOver) return
      isOver = true
      socket.off('close', over)
      clearInterval(this.#keptAlive)
      closed()
      this.onClose()
    }
    this.#raw.once('close', over)
    // An answer that waits behind another one on its connection does not hear when that ends.
    socket.once('close', over)
  }

  /** @param data one line */
  send(event: string, id: number | undefined, data: string): void {
    if (this.#raw.destroyed) return
    if (this.#raw.writableLength > MOST_BUFFERED_BYTES) {
      this.#dropped++
      return
    }
    if (this.#dropped > 0) {
      this.#raw.write(`event: dropped\ndata: {"events":${this.#dropped}}\n\n`)
      this.#dropped = 0
    }
    this.#raw.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`)
  }

  end(): void {
    clearInterval(this.#keptAlive)
    this.#raw.end()
  }
}

/**
 * What opens event streams. Those that are open when the server closes, or when their token opens them no more, are ended: they would never
 * end by themselves.
 */
export function eventStreams(app: FastifyInstance, seen: RequestsSeen, gate: Gate): (reply: FastifyReply) => EventStream {
  const open = new Set<EventStream>()
  app.addHook('preClose', async () => {
    for (const stream of open) stream.end()
  })
  return (reply) => {
    const { method, routeOptions, headers } = reply.request
    seen.of(method, pathOf(routeOptions.url ?? ''))(200)
    const access = routeOptions.config.access === 'application' ? 'application' : 'admin'
    const left = gate.visit(access, nameIn(reply.request), tokenIn(headers.authorization), () => stream.end())
    const stream = new EventStream(reply, () => {
      left()
      open.delete(stream)
    })
    open.add(stream)
    return stream
  }
}
