import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { ServeError } from '../errors.js'
import { shown } from '../refusals.js'
import { Connection, REPLY_BODY_BYTES } from './connection.js'
import { MOST_IN_FLIGHT, mayBeInFlight } from './container.js'
import { type Frame, FrameType, PROTOCOL_MAJOR } from './frames.js'
import type { HostEvents } from './host.js'

const HELLO_TIMEOUT_MS = 5_000

/** Who waits for a container: told once, when it shows its token. */
type Arrival = Pick<HostEvents, 'arrived' | 'refused'>

/** Tokens are kept and looked up by their digest: how long a refusal takes says nothing about them, nor does what is kept. */
export const digestOf = (token: string) => createHash('sha256').update(token).digest('hex')

/** Why a hello is not one; undefined when it is. */
function wrongHello({ major }: Frame, maxInFlight: unknown): string | undefined {
  if (major !== PROTOCOL_MAJOR) return `protocol ${major} is not spoken here; expected ${PROTOCOL_MAJOR}`
  if (mayBeInFlight(maxInFlight)) return undefined
  return `hello's maxInFlight is ${shown(maxInFlight)}; expected a whole number from 1 to ${MOST_IN_FLIGHT}`
}

/** Where containers connect to. Each shows a token: one that it was given when it was started, or that was agreed on. */
export class ContainerListener {
  readonly #server: Server
  /** Those who wait, by their token's digest; several may wait for containers with the same one. */
  readonly #expected = new Map<string, Arrival[]>()
  readonly #strangers = new Set<Socket>()
  #address: Promise<string> | undefined

  /** Default: a free port of loopback. */
  constructor(
    private readonly host = '127.0.0.1',
    private readonly port = 0,
  ) {
    this.#server = createServer((socket) => this.greet(socket, HELLO_TIMEOUT_MS))
    // A connection that cannot be taken, for want of descriptors, is no reason to end. (`address` hears for itself.)
    this.#server.on('error', () => {})
  }

  /** `host:port`; listens on the first call, or the first after one that failed. @throws ServeError `CONTAINER_FAILED` */
  address(): Promise<string> {
    this.#address ??= this.#listen().catch((error: unknown) => {
      this.#address = undefined
      throw error
    })
    return this.#address
  }

  async #listen(): Promise<string> {
    const { host, port } = this
    try {
      await once(this.#server.listen(port, host), 'listening')
    } catch (cause) {
      throw new ServeError('CONTAINER_FAILED', `cannot listen for containers on ${host}:${port}: ${(cause as Error).message}`, { cause })
    }
    const { port: bound } = this.#server.address() as AddressInfo
    // Containers of this machine reach it on loopback.
    return `${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${bound}`
  }

  /** `arrival` is told when a container shows the token: a fresh one, or the one with the digest. It works once an arrival. */
  expect(arrival: Arrival, digest?: string): { token: string; forget: () => void } {
    const token = randomBytes(24).toString('hex')
    const key = digest ?? digestOf(token)
    const waiting = this.#expected.get(key)
    if (waiting === undefined) this.#expected.set(key, [arrival])
    else waiting.push(arrival)
    return { token, forget: () => this.#forget(key, arrival) }
  }

  #forget(key: string, arrival: Arrival): void {
    const left = this.#expected.get(key)?.filter((waiting) => waiting !== arrival) ?? []
    if (left.length === 0) this.#expected.delete(key)
    else this.#expected.set(key, left)
  }

  /** Hears who is at the other end. Who has connected has to say so in time; who is being started has longer, as its life decides. */
  greet(socket: Socket, timeoutMs?: number): void {
    const connection = new Connection(socket)
    this.#strangers.add(socket)
    const limit = timeoutMs === undefined ? undefined : setTimeout(() => connection.close('no hello'), timeoutMs)
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
    const key = digestOf(token)
    const [arrival] = this.#expected.get(key) ?? []
    if (!arrival) throw new Error('unknown token')
    this.#forget(key, arrival)
    const wrong = wrongHello(frame, maxInFlight)
    if (wrong !== undefined) {
      arrival.refused(wrong)
      throw new Error(wrong)
    }
    connection.trust(REPLY_BODY_BYTES)
    arrival.arrived(connection, maxInFlight as number)
  }

  async close(): Promise<void> {
    for (const socket of this.#strangers) socket.destroy()
    if (!this.#address) return
    await this.#address.catch(() => {})
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
