import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { ServeError } from '../errors.js'
import { Connection } from './connection.js'
import { type Frame, FrameType, PROTOCOL_MAJOR } from './frames.js'

const HELLO_TIMEOUT_MS = 5_000

/** What a container says of itself when it connects; unknown fields are ignored. */
export interface Hello {
  readonly maxInFlight: number
  readonly pid: number | undefined
}

type Arrival = (connection: Connection, hello: Hello) => void

function readHello(frame: Frame): Hello & { token: string } {
  const { token, maxInFlight = 1, pid } = frame.json()
  if (typeof token !== 'string') throw new Error('hello has no token')
  if (typeof maxInFlight !== 'number' || !Number.isInteger(maxInFlight) || maxInFlight < 1 || maxInFlight > 64) {
    throw new Error(`hello's maxInFlight is ${JSON.stringify(maxInFlight)}; expected 1 to 64`)
  }
  return { token, maxInFlight, pid: typeof pid === 'number' ? pid : undefined }
}

/** Where containers connect to: a loopback port, and a token each that was given to them when they were started. */
export class ContainerListener {
  readonly #server: Server
  readonly #expected = new Map<string, Arrival>()
  readonly #strangers = new Set<Socket>()
  #address: Promise<string> | undefined

  constructor() {
    this.#server = createServer((socket) => this.#greet(socket))
  }

  /** `host:port`; listens on the first call. */
  address(): Promise<string> {
    this.#address ??= new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        reject(new ServeError('CONTAINER_FAILED', `cannot listen for containers on loopback: ${cause.message}`, { cause }))
      })
      this.#server.listen(0, '127.0.0.1', () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address ? `127.0.0.1:${address.port}` : String(address))
      })
    })
    return this.#address
  }

  /** A fresh token; `arrival` is called when a container shows it. The token works once. */
  expect(arrival: Arrival): { token: string; forget: () => void } {
    const token = randomBytes(24).toString('hex')
    this.#expected.set(token, arrival)
    return { token, forget: () => this.#expected.delete(token) }
  }

  #greet(socket: Socket): void {
    const connection = new Connection(socket)
    this.#strangers.add(socket)
    const limit = setTimeout(() => connection.close('no hello'), HELLO_TIMEOUT_MS)
    connection.onClose = () => {
      clearTimeout(limit)
      this.#strangers.delete(socket)
    }
    connection.onFrame = (frame) => {
      // One frame decides. Whoever is refused stays a stranger until it has hung up, which the limit sees to.
      connection.onFrame = () => {}
      try {
        this.#admit(connection, frame)
        clearTimeout(limit)
        this.#strangers.delete(socket)
      } catch (error) {
        connection.send(FrameType.ERROR, { message: (error as Error).message })
        connection.end()
      }
    }
  }

  #admit(connection: Connection, frame: Frame): void {
    if (frame.type !== FrameType.HELLO) throw new Error('the first frame must be a hello')
    if (frame.major !== PROTOCOL_MAJOR) throw new Error(`protocol ${frame.major} is not spoken here; expected ${PROTOCOL_MAJOR}`)
    const { token, ...hello } = readHello(frame)
    const arrival = this.#expected.get(token)
    if (!arrival) throw new Error('unknown token')
    this.#expected.delete(token)
    connection.trust()
    arrival(connection, hello)
  }

  async close(): Promise<void> {
    for (const socket of this.#strangers) socket.destroy()
    if (!this.#address) return
    await this.#address.catch(() => {})
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
