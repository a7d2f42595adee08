/** A load generator over raw sockets: HTTP/1.1 with keep-alive, one request in flight a connection, as little work a request as can be. */
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly port: number
  readonly path: string
  /** The body of the request with this number; distinct ones pass the cache by. */
  body(request: number): string
  readonly connections: number
  readonly seconds: number
}

export interface Measured {
  /** Answers a second. */
  readonly rate: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Shares of the answers: the default was given; the status was not 200. */
  readonly defaults: number
  readonly refused: number
}

const WARM_SECONDS = 0.5
const HEAD_END = '\r\n\r\n'

class Client {
  #pending = ''
  readonly #socket: Socket
  onAnswer: (status: string, body: string) => void = () => {}

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (chunk: string) => this.#read(chunk))
  }

  ready(): Promise<unknown> {
    return new Promise((resolve, reject) => this.#socket.once('connect', resolve).once('error', reject))
  }

  send(path: string, body: string): void {
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: b\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    )
  }

  #read(chunk: string): void {
    this.#pending += chunk
    const head = this.#pending.indexOf(HEAD_END)
    if (head < 0) return
    const length = Number(/content-length: (\d+)/i.exec(this.#pending)?.[1])
    const end = head + HEAD_END.length + length
    if (this.#pending.length < end) return
    const answer = this.#pending
    this.#pending = ''
    this.onAnswer(answer.slice(9, 12), answer.slice(head + HEAD_END.length))
  }

  close(): void {
    this.#socket.destroy()
  }
}

class Tally {
  readonly #latencies: number[] = []
  #defaults = 0
  #refused = 0

  count(latencyMs: number, status: string, body: string): void {
    this.#latencies.push(latencyMs)
    if (status !== '200') this.#refused++
    else if (body.includes('"default":true')) this.#defaults++
  }

  measured(seconds: number): Measured {
    const sorted = Float64Array.from(this.#latencies).sort()
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
    const share = (count: number) => (sorted.length === 0 ? 0 : count / sorted.length)
    const meanMs = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length
    return {
      rate: sorted.length / seconds,
      meanMs,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      defaults: share(this.#defaults),
      refused: share(this.#refused),
    }
  }
}

async function clientsOf({ port, connections }: Load): Promise<Client[]> {
  const clients = Array.from({ length: connections }, () => new Client(port))
  await Promise.all(clients.map((client) => client.ready()))
  return clients
}

/** Every connection asks again as soon as it is answered. */
export async function closedLoop(load: Load): Promise<Measured> {
  const clients = await clientsOf(load)
  const tally = new Tally()
  const startedAt = performance.now()
  const from = startedAt + 1000 * WARM_SECONDS
  const until = from + 1000 * load.seconds
  let request = 0
  await Promise.all(
    clients.map(
      (client) =>
        new Promise<void>((resolve) => {
          let sentAt = 0
          const ask = () => {
            sentAt = performance.now()
            client.send(load.path, load.body(request++))
          }
          client.onAnswer = (status, body) => {
            const now = performance.now()
            if (now >= from && now < until) tally.count(now - sentAt, status, body)
            if (now < until) ask()
            else resolve()
          }
          ask()
        }),
    ),
  )
  for (const client of clients) client.close()
  return tally.measured(load.seconds)
}
