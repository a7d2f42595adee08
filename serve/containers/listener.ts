import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'
import { Connection } from './connection.js'
import { type Frame, FrameType, PROTOCOL_MAJOR } from './frames.js'

const HELLO_TIMEOUT_MS = 5_000

const MOST_IN_FLIGHT = 64

/** Who waits for a container: told once, when it shows its token. */
interface Arrival {
  arrived(connection: Connection, maxInFlight: number): void
  /** It has the token, but cannot be spoken with. */
  refused(reason: string): void
}

/** Why a hello is not one; undefined when it is. */
function wrongHello({ major }: Frame, maxInFlight: unknown): string | undefined {
  if (major !== PROTOCOL_MAJOR) return `protocol ${major} is not spoken here; expected ${PROTOCOL_MAJOR}`
  if (Number.isInteger(maxInFlight) && (maxInFlight as number) >= 1 && (maxInFlight as number) <= MOST_IN_FLIGHT) return undefined
  return `hello's maxInFlight is ${shown(maxInFlight)}; expected a whole number from 1 to ${MOST_IN_FLIGHT}`
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

  /** A fresh token; `arrival` is told when a container shows it. The token works once. */
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
    const { token, maxInFlight = 1 } = frame.json()
    if (typeof token !== 'string') throw new Error('hello has no token')
    const arrival = this.#expected.get(token)
    if (!arrival) throw new Error('unknown token')
    this.#expected.delete(token)
    const wrong = wrongHello(frame, maxInFlight)
    if (wrong !== undefined) {
      arrival.refused(wrong)
      throw new Error(wrong)
    }
    connection.trust()
    arrival.arrived(connection, maxInFlight as number)
  }

  async close(): Promise<void> {
    for (const socket of this.#strangers) socket.destroy()
    if (!this.#address) return
    await this.#address.catch(() => {})
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
