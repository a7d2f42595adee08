/** HTTP without any kindness: no retries, and whatever goes wrong is told as what it is. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** There was no answer: the connection was refused, or broke, or nothing came within the limit. */
export class NoAnswer extends Error {
  constructor(
    readonly why: 'refused' | 'broken' | 'silence',
    message: string,
  ) {
    super(message)
  }
}

/** What is not answered by then never will be. */
const LIMIT_MS = 30_000

const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 })

export function call(
  port: number,
  path: string,
  body: string | Uint8Array = '',
  headers: Readonly<Record<string, string | number>> = { 'content-type': 'application/json' },
  limitMs = LIMIT_MS,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = Buffer.byteLength(body)
    const sent = request({ port, host: '127.0.0.1', path, method: 'POST', agent, headers: { ...headers, 'content-length': length } })
    let silent = false
    const limit = setTimeout(() => {
      silent = true
      sent.destroy(new Error(`nothing within ${limitMs} ms`))
    }, limitMs)
    const fail = (error: Error & { code?: string }) => {
      clearTimeout(limit)
      reject(new NoAnswer(silent ? 'silence' : error.code === 'ECONNREFUSED' ? 'refused' : 'broken', `${path}: ${error.message}`))
    }
    sent.on('error', fail)
    sent.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('error', fail)
      response.on('end', () => {
        clearTimeout(limit)
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) })
      })
    })
    sent.end(body)
  })
}

export const hangUp = (): void => agent.destroy()
