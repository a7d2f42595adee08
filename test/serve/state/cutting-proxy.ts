import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** How a message to a subscriber begins. */
const PUSHED = '*3\r\n$7\r\nmessage'

/** Whether the bytes that come are passed on, or the connection is cut instead. */
export type Cut = (chunk: Buffer) => 'pass' | 'cut' | 'half, then cut'

/** Stands between a server and its Redis, and cuts connections at the worst moment. */
export class CuttingProxy {
  /** What the server sends, and what Redis answers. */
  requests: Cut = () => 'pass'
  replies: Cut = () => 'pass'
  cuts = 0
  /** What Redis answers waits until it is released; what it tells by itself does not. */
  #held: (() => void)[] | undefined
  readonly #open = new Set<Socket>()
  #server: Server | undefined

  static async to(port: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy()
    proxy.#server = createServer((client) => proxy.#join(client, connect({ port, host: '127.0.0.1' }))).listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): `redis://${string}` {
    return `redis://127.0.0.1:${(this.#server!.address() as AddressInfo).port}`
  }

  #join(client: Socket, redis: Socket): void {
    const cut = () => {
      client.destroy()
      redis.destroy()
    }
    const pass = (to: Socket, chunk: Buffer, decision: ReturnType<Cut>) => {
      if (decision === 'pass') to.write(chunk)
      else {
        this.cuts++
        if (decision === 'cut') cut()
        else to.write(chunk.subarray(0, chunk.length >> 1), cut)
      }
    }
    for (const socket of [client, redis]) {
      this.#open.add(socket)
      socket.on('error', cut)
      socket.on('close', () => {
        this.#open.delete(socket)
        cut()
      })
    }
    client.on('data', (chunk) => pass(redis, chunk, this.requests(chunk)))
    redis.on('data', (chunk) => {
      const reply = () => pass(client, chunk, this.replies(chunk))
      if (this.#held === undefined || String(chunk).startsWith(PUSHED)) reply()
      else this.#held.push(reply)
    })
  }

  hold(): void {
    this.#held = []
  }

  release(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const reply of held) reply()
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    this.#server!.close()
    await once(this.#server!, 'close')
  }
}
