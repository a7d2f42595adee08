import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from './policies.js'
import { post, withServer } from './tools.js'

const QUERY = '{"input":[0,0,0,1]}'

/** Everything that comes back for the bytes `sent`, until the server closes; the client's side is closed at once when `half`. */
function raw(port: number, sent: string, half = false): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      answer += text
    })
    socket.on('end', () => {
      socket.destroy()
      resolve(answer)
    })
    socket.on('error', reject)
    if (half) socket.end(sent)
    else socket.write(sent)
  })
}

const predictRequest = (...headers: string[]) =>
  ['POST /push/predict HTTP/1.1', `content-length: ${QUERY.length}`, ...headers, '', QUERY].join('\r\n')

test('whatever is refused, the body has an error and a cause that says what was expected', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const refusals = [
      [415, 'expected application/octet-stream', `${server.url}/admin/publish?name=x`, '{}', 'application/json'],
      [413, 'the body is larger than 2097152 bytes', `${server.url}/push/predict`, ' '.repeat(3 * 1024 ** 2), 'text/plain'],
      [400, "'/%' is not a valid url component", `${server.url}/%`, '', 'text/plain'],
      [414, 'max param length', `${server.url}/${'x'.repeat(300)}/predict`, QUERY, 'text/plain'],
    ] as const
    for (const [status, cause, url, body, type] of refusals) {
      const answer = await post(url, body, type)
      assert.is(answer.status, status)
      assert.ok(JSON.parse(answer.text).error)
      assert.match(JSON.parse(answer.text).cause, cause)
    }
    const unreadable = ['\x16\x03\x01\x02\r\n\r\n', `GET / HTTP/1.1\r\nhost: x\r\nlarge: ${'a'.repeat(70_000)}\r\n\r\n`]
    for (const sent of unreadable) {
      const answer = await raw(server.port, sent)
      assert.match(answer, /^HTTP\/1.1 4\d\d /)
      assert.ok(JSON.parse(answer.slice(answer.indexOf('{'))).cause)
    }
  }))

test('a compressed body is refused as such, a byte order mark is passed over', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    const headers = { 'content-encoding': 'gzip' }
    const zipped = await fetch(`${server.url}/push/predict`, { method: 'POST', body: new Uint8Array(gzipSync(QUERY)), headers })
    assert.is(zipped.status, 415)
    assert.match(((await zipped.json()) as { cause: string }).cause, 'content-encoding is "gzip"; expected a body that is not compressed')
    assert.is((await post(`${server.url}/push/predict`, `\ufeff${QUERY}`)).status, 200)
  }))

test('a query needs no host and no content type, and one that is none is ignored', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy(), { isolation: 'inline' })
    for (const header of ['accept: */*', 'content-type: json', 'content-type: ;;;', 'content-type: multipart/form-data']) {
      assert.match(await raw(server.port, predictRequest('connection: close', header)), '"output":1', header)
    }
  }))

test('a client that closes its side after the request still gets its answer', () =>
  withServer(async (server) => {
    await server.publish('push', pushPolicy())
    assert.match(await raw(server.port, predictRequest('host: x'), true), '"output":1')
  }))

test.run()
