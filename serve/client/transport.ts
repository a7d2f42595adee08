import { Agent, type IncomingMessage, request } from 'node:http'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'

export type Json = Readonly<Record<string, unknown>>
/** What an answer must be read as; undefined for one that a server of ours would not give. */
export type Read<T> = (answer: unknown) => T | undefined

const HELD_CONNECTIONS = 256
const CALL_LIMIT_MS = 30_000

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null

/** Calls to one server, over connections that are kept. */
export class Transport {
  readonly #agent = new Agent({ keepAlive: true, maxFreeSockets: HELD_CONNECTIONS })

  constructor(
    readonly url: string,
    private readonly timeoutMs: number | undefined,
  ) {}

  /** @param what names the call in errors */
  post<T>(what: string, path: string, body: object, read: Read<T>): Promise<T> {
    return this.send(what, path, 'application/json', Buffer.from(JSON.stringify(body)), CALL_LIMIT_MS, read)
  }

  send<T>(what: string, path: string, type: string, payload: Uint8Array, usualLimitMs: number, read: Read<T>): Promise<T> {
    const limitMs = this.timeoutMs ?? usualLimitMs
    const headers = { 'content-type': type, 'content-length': payload.length }
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}${path}`, { method: 'POST', agent: this.#agent, headers })
      const limit = setTimeout(() => call.destroy(new Error(`none within ${limitMs} ms`)), limitMs)
      const fail = (cause: Error & { code?: string }) => {
        clearTimeout(limit)
        const told = cause.message || cause.code
        reject(new ServeError('SERVER_UNREACHABLE', `no answer from ${this.url}: ${told}; is the server running?`, { cause }))
      }
      call.on('error', fail)
      call.on('response', (response) => {
        textOf(response)
          .then((text) => {
            clearTimeout(limit)
            resolve(this.#understand(what, response.statusCode ?? 0, text, read))
          }, fail)
          .catch(reject)
      })
      call.end(payload)
    })
  }

  /** @throws ServeError `REQUEST_REFUSED` for a refusal, and for what no server of ours says */
  #understand<T>(what: string, status: number, text: string, read: Read<T>): T {
    const answer = parsed(text)
    const result = status === 200 ? read(answer) : undefined
    if (result !== undefined) return result
    const cause = isObject(answer) && status !== 200 ? answer.cause : undefined
    const told = typeof cause === 'string' ? cause : `${this.url} is not a Gymnura server: it answered ${shown(text)}`
    throw new ServeError('REQUEST_REFUSED', `${what}: ${told} (HTTP ${status})`, { status })
  }

  close(): void {
    this.#agent.destroy()
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

/** JSON's value; a text that is none stays one. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
