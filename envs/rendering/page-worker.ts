/**
 * The web server behind `FramePage`, on a thread of its own, so that it answers while the program steps an environment without a pause.
 * Listens on the loopback only. Messages in: what to show. Messages out: { port } or { error } once, then { keys } as they are pressed.
 */
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { PAGE } from './page.js'

const viewers = new Set<ServerResponse>()
/** The newest of each kind, for who comes later. */
const newest = new Map<string, unknown>()
const LARGEST_BODY = 4096

const server = createServer((request, response) => {
  // A page of another site must neither look nor play, whatever name it calls this machine by.
  if (!/^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(request.headers.host ?? '')) return end(response, 403)
  const { pathname } = new URL(request.url ?? '/', 'http://localhost')
  if (request.method === 'POST' && pathname === '/keys') return readKeys(request, response)
  if (request.method !== 'GET') return end(response, 405)
  if (pathname === '/') return end(response, 200, 'text/html; charset=utf-8', PAGE)
  if (pathname === '/events') return watch(response)
  const script = /^\/rendering\/([\w-]+\.js)$/.exec(pathname)?.[1]
  if (script === undefined) return end(response, 404)
  const file = createReadStream(new URL(`./${script}`, import.meta.url))
  file.once('open', () => file.pipe(response.writeHead(200, { 'content-type': 'text/javascript' })))
  file.once('error', () => end(response, 404))
})

function end(response: ServerResponse, status: number, type = 'text/plain', body = ''): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
}

function watch(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  if (newest.size > 0) send(response, Object.fromEntries(newest))
  viewers.add(response)
  response.once('close', () => viewers.delete(response))
}

function send(response: ServerResponse, event: object): void {
  response.write(`data: ${JSON.stringify(event)}\n\n`)
}

function readKeys(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers['content-type'] !== 'application/json') {
    end(response, 415)
    return
  }
  let body = ''
  request.on('data', (part) => {
    body += part
    if (body.length > LARGEST_BODY) request.destroy()
  })
  request.once('end', () => {
    const keys = parsed(body)
    const good = Array.isArray(keys) && keys.every((key) => typeof key === 'string')
    if (good) program.postMessage({ keys })
    end(response, good ? 204 : 400)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** To the program, which reads its end while it never pauses. */
let program: MessagePort

parentPort!.on('message', (event: Record<string, unknown>) => {
  if (event.channel) {
    program = event.channel as MessagePort
    listen()
    return
  }
  const rgb = event.rgb as { width: number; height: number; data: Uint8Array } | undefined
  if (rgb) event.rgb = { width: rgb.width, height: rgb.height, base64: Buffer.from(rgb.data).toString('base64') }
  for (const [kind, value] of Object.entries(event)) newest.set(kind, value)
  // A viewer that is slower than the pictures misses some.
  for (const viewer of viewers) if (!viewer.writableNeedDrain) send(viewer, event)
})

function listen(): void {
  server.once('error', (error) => program.postMessage({ error: error.message }))
  const { port } = workerData as { port: number }
  server.listen(port, '127.0.0.1', () => program.postMessage({ port: (server.address() as { port: number }).port }))
}
