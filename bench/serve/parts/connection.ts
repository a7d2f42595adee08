/** HTTP/1.1 over a raw socket with keep-alive, one request in flight: as little work a request as can be, the same for every server. */
import { connect, type Socket } from 'node:net'

const HEAD_END = '\r\n\r\n'
const STATUS_AT = 9
/** Of an answer in chunks. */
const LAST_CHUNK = '\r\n0\r\n\r\n'

/** The text of a request, written as it is. */
export function requestText(path: string, body: string, contentType = 'application/json'): string {
  return `POST ${path} HTTP/1.1\r\nhost: b\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

/** Chunks, each with its size in hexadecimal before it, as one text. */
function joined(chunks: string): string {
  let text = ''
  for (let at = 0; ; ) {
    const start = chunks.indexOf('\r\n', at) + 2
    const size = Number.parseInt(chunks.slice(at, start), 16)
    if (!(size > 0)) return text
    text += chunks.slice(start, start + size)
    at = start + size + 2
  }
}

/** A connection that is opened again when the server closes it; what was not answered then counts as an answer without a status. */
export class Connection {
  /** Status and body; '' for both where the connection was closed. Exactly once for each `send`. */
  onAnswer: (status: string, body: string) => void = () => {}
  #socket: Socket | undefined
  #received = ''
  #waiting = false
  #done = false

  constructor(private readonly port: number) {}

  async open(): Promise<void> {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true })
    this.#socket = socket
    this.#received = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => this.#read(chunk))
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.on('error', () => {})
    socket.once('close', () => this.#closed(socket))
  }

  get busy(): boolean {
    return this.#waiting
  }

  send(text: string): void {
    this.#waiting = true
    if (this.#socket === undefined) this.#again(text)
    else this.#socket.write(text, 'latin1')
  }

  #again(text: string): void {
    this.open().then(
      () => this.#socket?.write(text, 'latin1'),
      () => {
        this.#socket = undefined
        this.#answered('', '')
      },
    )
  }

  #read(chunk: string): void {
    this.#received = this.#received === '' ? chunk : this.#received + chunk
    const received = this.#received
    const head = received.indexOf(HEAD_END)
    if (head < 0) return
    const bodyAt = head + HEAD_END.length
    const length = /content-length: ?(\d+)/i.exec(received)?.[1]
    const isWhole = length === undefined ? received.endsWith(LAST_CHUNK) : received.length >= bodyAt + Number(length)
    if (!isWhole) return
    this.#received = ''
    const body = received.slice(bodyAt)
    this.#answered(received.slice(STATUS_AT, STATUS_AT + 3), length === undefined ? joined(body) : body)
  }

  #answered(status: string, body: string): void {
    if (!this.#waiting) return
    this.#waiting = false
    this.onAnswer(status, body)
  }

  #closed(socket: Socket): void {
    if (this.#socket !== socket || this.#done) return
    this.#socket = undefined
    this.#answered('', '')
  }

  close(): void {
    this.#done = true
    this.#socket?.destroy()
  }
}

/** @throws where one cannot be opened */
export async function openConnections(port: number, count: number): Promise<Connection[]> {
  const connections = Array.from({ length: count }, () => new Connection(port))
  await Promise.all(connections.map((connection) => connection.open()))
  return connections
}
