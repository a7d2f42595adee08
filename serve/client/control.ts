import { ServeError } from '../errors.js'
import { type Input, plain } from './input.js'
import type { PredictResult } from './results.js'
import { readPrediction } from './results.js'
import { isObject } from './transport.js'

interface Waiting {
  resolve(result: PredictResult): void
  reject(error: Error): void
}

const PROTOCOL = 'gymnura'
const LOST = 'the connection was lost; open another loop'

/** Base64url, which a subprotocol may hold. */
function encoded(token: string): string {
  const binary = Array.from(new TextEncoder().encode(token), (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Browsers and Node 22 have WebSocket; for Node 20 there is a package. */
async function webSocketClass(): Promise<typeof WebSocket> {
  return globalThis.WebSocket ?? ((await import('ws')).WebSocket as unknown as typeof WebSocket)
}

/**
 * A control loop over one WebSocket: an observation goes, the action comes, without a request each. Several may be on their way at once.
 *
 * @example
 * const loop = await client.control('balance')
 * for (;;) observation = step((await loop.act(observation)).output)
 */
export class ControlLoop {
  readonly #socket: WebSocket
  readonly #user: string | undefined
  readonly #waiting = new Map<number, Waiting>()
  #nextId = 0
  #ended = LOST

  private constructor(socket: WebSocket, user: string | undefined) {
    this.#socket = socket
    this.#user = user
    socket.onmessage = ({ data }) => this.#hear(String(data))
    socket.onclose = ({ reason }) => this.#end(reason || LOST)
    socket.onerror = () => {}
  }

  /** @throws ServeError `SERVER_UNREACHABLE` where the server is not there, or does not let the loop in */
  static async open(url: string, application: string, token: string | undefined, user: string | undefined): Promise<ControlLoop> {
    const Socket = await webSocketClass()
    const address = `${url.replace(/^http/, 'ws')}/${application}/control`
    const socket = new Socket(address, token === undefined ? [PROTOCOL] : [PROTOCOL, `bearer.${encoded(token)}`])
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve()
      socket.onerror = (event) => {
        const { message } = event as { message?: unknown }
        const told = typeof message === 'string' && message !== '' ? `: ${message}` : ''
        const cause = `cannot open a control loop of "${application}" at ${url}${told}; is the server running, is the application there, and the token its own?`
        reject(new ServeError('SERVER_UNREACHABLE', cause))
      }
    })
    return new ControlLoop(socket, user)
  }

  /** The action for one observation. @throws ServeError `SERVE_OPTION`, `REQUEST_REFUSED`, `SERVER_UNREACHABLE` */
  async act(observation: Input): Promise<PredictResult> {
    const input = plain('observation', observation)
    return new Promise((resolve, reject) => {
      if (this.#socket.readyState !== this.#socket.OPEN) {
        reject(new ServeError('SERVER_UNREACHABLE', this.#ended))
        return
      }
      const id = this.#nextId++
      this.#waiting.set(id, { resolve, reject })
      this.#socket.send(JSON.stringify(this.#user === undefined ? { id, input } : { id, input, user: this.#user }))
    })
  }

  #hear(text: string): void {
    const answer: unknown = JSON.parse(text)
    const { id, cause } = isObject(answer) ? answer : {}
    const waiting = this.#waiting.get(id as number)
    if (waiting === undefined) return
    this.#waiting.delete(id as number)
    const result = readPrediction(answer)
    if (result !== undefined) waiting.resolve(result)
    else waiting.reject(new ServeError('REQUEST_REFUSED', String(cause)))
  }

  #end(reason: string): void {
    this.#ended = reason
    for (const { reject } of this.#waiting.values()) reject(new ServeError('SERVER_UNREACHABLE', reason))
    this.#waiting.clear()
  }

  /** Hangs up; what is on its way is not waited for. */
  close(): void {
    this.#socket.close()
  }
}
