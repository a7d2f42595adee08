import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect as connectSocket, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hangUpOnStalled } from '../../../serve/http/stalled.js'
import { pushPolicy } from '../policies.js'
import { publishPatiently, until, withServer } from '../tools.js'

async function socketTo(port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

const requestOf = (body: string, path = '/push/predict') =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`

test('a request that comes in small pieces is answered as any other', () =>
  withServer(async (server) => {
    await publishPatiently(server, 'push', pushPolicy(), { isolation: 'inline' })
    const socket = await socketTo(server.port)
    let answer = ''
    socket.setEncoding('utf8').on('data', (part: string) => {
      answer += part
    })
    for (const piece of requestOf('{"input":[0,0,0,1]}')) {
      socket.write(piece)
      await sleep(2)
    }
    await until(() => answer.endsWith('}'))
    assert.match(answer, '"output":1')
    socket.destroy()
  }))

test('half-open connections, silent or in the middle of a request, hold nobody up and do not keep the server from closing', async () => {
  const sockets: Socket[] = []
  const closed: Promise<unknown>[] = []
  await withServer(async (server, client) => {
    await publishPatiently(server, 'push', pushPolicy(), { isolation: 'inline' })
    const whole = requestOf('{"input":[0,0,0,1]}')
    for (let i = 0; i < 200; i++) {
      const socket = await socketTo(server.port)
      socket.resume().write(whole.slice(0, Math.floor((i * whole.length) / 200)))
      sockets.push(socket)
      closed.push(once(socket, 'close'))
    }
    const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => client.predict('push', [0, 0, i, 1])))
    assert.ok(answers.every(({ output }) => output === 1))
  })
  await Promise.all(closed)
})

test('clients that ask for much and read nothing hold nobody up', () =>
  withServer(async (server, client) => {
    await publishPatiently(server, 'push', pushPolicy(), { isolation: 'inline' })
    const body = JSON.stringify({ input_batch: Array.from({ length: 2_000 }, (_, i) => [i, 0, 0, 1]) })
    const sockets = await Promise.all(Array.from({ length: 20 }, () => socketTo(server.port)))
    for (const socket of sockets) {
      socket.pause()
      for (let i = 0; i < 5; i++) socket.write(requestOf(body))
    }
    const before = process.memoryUsage.rss()
    for (let i = 0; i < 200; i++) assert.is((await client.predict('push', [0, 1, i, 1])).output, 1)
    // Two hundred answers of 100 KB are asked for; what is not read is not made.
    assert.ok(process.memoryUsage.rss() - before < 150e6)
    for (const socket of sockets) socket.destroy()
  }))

/** A server whose answers are made by `answer`, and which hangs up on stalled clients after 200 ms. */
async function withStalling(
  answer: Parameters<typeof createServer>[1],
  use: (port: number, hungUp: () => number) => Promise<void>,
): Promise<void> {
  const server = createServer({ keepAliveTimeout: 400 }, answer)
  let ended = 0
  server.on('connection', (socket) => socket.on('close', () => ended++))
  hangUpOnStalled(server, 200)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    await use((server.address() as AddressInfo).port, () => ended)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const GET = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n'

test('a client that reads nothing of a large answer is hung up on', () =>
  withStalling(
    (_request, response) => response.end(Buffer.alloc(50e6)),
    async (port, hungUp) => {
      const socket = await socketTo(port)
      socket.pause()
      socket.write(GET)
      await until(() => hungUp() === 1)
      socket.destroy()
    },
  ))

test('a connection on which nothing is ever said is hung up on', () =>
  withStalling(
    (_request, response) => response.end(),
    async (port, hungUp) => {
      const socket = await socketTo(port)
      await until(() => hungUp() === 1)
      socket.destroy()
    },
  ))

test('a client that waits long for its answer is not hung up on, nor one that reads slowly', () =>
  withStalling(
    (_request, response) => {
      setTimeout(() => response.end(Buffer.alloc(20e6)), 900)
    },
    async (port, hungUp) => {
      const socket = await socketTo(port)
      let read = 0
      socket.on('data', (part: Buffer) => {
        read += part.length
        socket.pause()
        setTimeout(() => socket.resume(), 2)
      })
      socket.write(GET)
      await until(() => read > 20e6)
      assert.is(hungUp(), 0)
      socket.destroy()
    },
  ))

test('a connection that is kept after its answer is closed when its time is over', () =>
  withStalling(
    (_request, response) => response.end('x'),
    async (port, hungUp) => {
      const socket = await socketTo(port)
      socket.resume().write(GET)
      await until(() => hungUp() === 1)
      socket.destroy()
    },
  ))

test('a control loop whose client asks and never reads is hung up on once it is too far behind', () =>
  withServer(
    async (server, client) => {
      const big = () => [new Array<number>(20_000).fill(7)]
      await publishPatiently(server, 'big', big, { isolation: 'inline', inputSize: 1 })
      const { WebSocket } = await import('ws')
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/big/control`)
      await once(socket, 'open')
      socket.pause()
      let isClosed = false
      const raw = (socket as unknown as { _socket: Socket })._socket
      raw.on('close', () => {
        isClosed = true
      })
      for (let i = 0; i < 1_000 && !isClosed; i++) {
        socket.send(JSON.stringify({ id: i, input: [i] }))
        if (i % 20 === 0) await client.predict('big', [-1])
      }
      raw.resume()
      await until(() => isClosed)
      assert.is((await client.predict('big', [-2])).default, false)
    },
    { allow: ['function'] },
  ))

test('a watcher that never reads costs no more than its share, and is told how much it missed', () =>
  withServer(
    async (server, client) => {
      const big = (inputs: Float32Array[]) => inputs.map(() => new Array<number>(20_000).fill(7))
      await publishPatiently(server, 'big', big, { isolation: 'inline', inputSize: 1 })
      const socket = await socketTo(server.port)
      socket.pause()
      socket.write('GET /big/stream HTTP/1.1\r\nhost: x\r\n\r\n')
      for (let i = 0; i < 300; i++) await client.predict('big', [i])
      let text = ''
      socket.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      socket.resume()
      await until(async () => {
        await client.predict('big', [1])
        return text.includes('event: dropped')
      })
      assert.ok(Number(/event: dropped\ndata: \{"events":(\d+)\}/.exec(text)![1]) > 100)
      assert.is((await client.predict('big', [2])).default, false)
      socket.destroy()
    },
    { allow: ['function'] },
  ))

test.run()
