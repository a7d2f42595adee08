import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Connection } from '../../serve/containers/connection.js'
import { type Frame, FrameError, FrameReader, FrameType, FrameWriter, SectionTag } from '../../serve/containers/frames.js'
import type { Limits } from '../../serve/containers/kinds.js'
import { ContainerListener } from '../../serve/containers/listener.js'
import { processHost } from '../../serve/containers/process-host.js'
import { readDescription } from '../../serve/containers/replies.js'
import { SupervisedContainer } from '../../serve/containers/supervised.js'
import { predictionAt } from '../../serve/query/prediction.js'
import { type Behaviour, batchOf, evaluateWith, SILENT, withContainer } from './scripted-container.js'
import { messageOf, until } from './tools.js'

const LIMIT = 1 << 20

test('frames arrive as they were sent, however the stream is cut', () => {
  const batch = fc.array(fc.float({ noNaN: true }), { maxLength: 40 })
  fc.assert(
    fc.property(fc.array(batch, { minLength: 1, maxLength: 8 }), fc.array(fc.integer({ min: 1, max: 100 })), (batches, cuts) => {
      const writer = new FrameWriter()
      const stream = Buffer.concat(
        batches.map((values, id) => {
          writer.begin(FrameType.BATCH, id, values.length).json({ id })
          writer.elements(SectionTag.INPUTS, 'floats', values.length).set(values)
          return Buffer.from(writer.end())
        }),
      )
      const seen: unknown[] = []
      const reader = new FrameReader(LIMIT, (frame) => {
        seen.push([frame.batchId, frame.count, frame.json(), [...(frame.column(SectionTag.INPUTS)?.elements ?? [])]])
      })
      let at = 0
      for (const cut of [...cuts, stream.length]) {
        reader.push(Buffer.from(stream.subarray(at, at + cut)))
        at += cut
      }
      assert.equal(
        seen,
        batches.map((values, id) => [id, values.length, { id }, values]),
      )
    }),
  )
})

test('sections that a reader does not know are passed over', () => {
  const frame = new FrameWriter().begin(FrameType.REPLY, 1, 2).bytes(200, Buffer.from('from a later version'))
  frame.column(SectionTag.OUTPUTS, { type: 'integers', elements: Int32Array.of(4, 5) })
  let seen: Frame | undefined
  new FrameReader(LIMIT, (read) => {
    seen = read
  }).push(Buffer.from(frame.end()))
  assert.equal(seen?.column(SectionTag.OUTPUTS)?.elements, Int32Array.of(4, 5))
})

test('bytes that are not the protocol are refused, never hung on or believed', () => {
  const whole = Buffer.from(new FrameWriter().begin(FrameType.BATCH, 1, 1).json({ a: 1 }).bytes(9, new Uint8Array(20)).end())
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= flip
      const reader = new FrameReader(LIMIT, (frame) => frame.sections.length)
      try {
        reader.push(damaged)
      } catch (error) {
        assert.instance(error, FrameError)
      }
    }),
  )
  const reader = new FrameReader(LIMIT, () => {})
  assert.throws(() => reader.push(Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')), /magic "GYMC"/)
})

test('a frame that says it is larger than the limit is refused before it is gathered', () => {
  const header = Buffer.from(new FrameWriter().begin(FrameType.HELLO).end())
  header.writeUInt32LE(2 * LIMIT, 16)
  assert.throws(() => new FrameReader(LIMIT, () => {}).push(header), /a frame of 2097152 bytes/)
})

async function greeting(listener: ContainerListener, hello: Buffer): Promise<string> {
  const [host = '', port = ''] = (await listener.address()).split(':')
  const socket: Socket = connect({ host, port: Number(port) })
  const connection = new Connection(socket)
  return new Promise((resolve) => {
    let answer = ''
    connection.onFrame = (frame) => {
      if (frame.type === FrameType.ERROR) answer = String(frame.json().message)
    }
    connection.onClose = () => resolve(answer)
    socket.on('connect', () => connection.write(hello))
  })
}

const hello = (fields: object) => Buffer.from(new FrameWriter().begin(FrameType.HELLO).json(fields).end())

test('a container without the token, of another major version, or with a wrong hello is turned away with the reason', async () => {
  const listener = new ContainerListener()
  const seen: string[] = []
  const fresh = () => listener.expect({ arrived: () => seen.push('arrived'), refused: (reason) => seen.push(reason) }).token
  assert.is(await greeting(listener, hello({ token: 'guess' })), 'unknown token')
  assert.is(await greeting(listener, hello({})), 'hello has no token')
  assert.is(await greeting(listener, Buffer.from('hello?  hello?  hello?  ')), '')
  assert.equal(seen, [])
  assert.match(
    await greeting(listener, hello({ token: fresh(), maxInFlight: 65 })),
    "hello's maxInFlight is 65; expected a whole number from 1 to 64",
  )
  const other = hello({ token: fresh() })
  other[4] = 9
  assert.is(await greeting(listener, other), 'protocol 9 is not spoken here; expected 2')
  assert.is(seen.length, 2)
  assert.not.ok(seen.includes('arrived'))
  await listener.close()
})

test('a stranger that was turned away and does not hang up keeps nothing from closing', async () => {
  const listener = new ContainerListener()
  const [host = '', port = ''] = (await listener.address()).split(':')
  const socket = connect({ host, port: Number(port), allowHalfOpen: true })
  socket.write(hello({ token: 'guess' }))
  await new Promise((resolve) => socket.once('data', resolve))
  const gone = new Promise((resolve) => socket.once('close', resolve))
  socket.on('error', () => {})
  socket.on('end', () => socket.write('still here'))
  await listener.close()
  socket.destroy()
  await gone
})

test('a token works once, and unknown fields of a hello are ignored', async () => {
  const listener = new ContainerListener()
  const { token } = listener.expect({
    arrived: (connection, maxInFlight) => {
      connection.send(FrameType.ERROR, { message: `welcome, ${maxInFlight}` })
      connection.end()
    },
    refused: assert.unreachable,
  })
  assert.is(await greeting(listener, hello({ token, maxInFlight: 3, colour: 'blue' })), 'welcome, 3')
  assert.is(await greeting(listener, hello({ token })), 'unknown token')
  await listener.close()
})

test('a container in a few lines answers a batch, item by item', async () => {
  const doubled = await evaluateWith(`({ batchId, count }, writer, tag) =>
    writer.begin(5, batchId, count).column(tag.OUTPUTS, { type: 'floats', elements: Float32Array.of(2, 0, 2) }).bytes(tag.STATUSES, Uint8Array.of(0, 1, 0)).json({ 1: 'too odd' }).end()`)
  assert.equal(doubled, { outputs: [2, 0, 2], statuses: [0, 1, 0], errors: { 1: 'too odd' }, reason: undefined })
})

test('a container whose reply does not fit its batch is not believed: the batch is lost, with the reason', async () => {
  const wrong = {
    '({ batchId }, writer, tag) => writer.begin(5, batchId, 2).column(tag.OUTPUTS, { type: "floats", elements: Float32Array.of(1, 2) }).end()':
      /reply of 2 items; expected 3/,
    '({ batchId }, writer, tag) => writer.begin(5, batchId, 3).column(tag.OUTPUTS, { type: "floats", elements: Float32Array.of(1, 2) }).end()':
      /reply of 3 items, 2 elements of output "output"; expected 3/,
    '({ batchId }, writer, tag) => writer.begin(5, batchId, 3).end()': /reply without output "output"/,
    '({ batchId }, writer, tag) => writer.begin(5, batchId + 1, 3).column(tag.OUTPUTS, { type: "floats", elements: Float32Array.of(1, 2, 3) }).end()':
      /which is not open/,
    '({ batchId }, writer, tag) => writer.begin(5, batchId, 3).column(tag.OUTPUTS, { type: "floats", elements: Float32Array.of(1, 2, 3) }).bytes(tag.STATUSES, Uint8Array.of(0)).end()':
      /1 status codes/,
    "() => Buffer.from('Traceback (most recent call last)')": /magic "GYMC"/,
  }
  for (const [reply, reason] of Object.entries(wrong)) {
    const outcome = await evaluateWith(reply)
    assert.is(outcome.outputs, null)
    assert.match(outcome.reason!, reason)
  }
})

test('a model of integers that answers floats, or an unknown status, is not believed', async () => {
  const floats =
    '({ batchId }, writer, tag) => writer.begin(5, batchId, 3).column(tag.OUTPUTS, { type: "floats", elements: Float32Array.of(1, 2, 3) }).end()'
  assert.match(
    (await evaluateWith(floats, { outputs: [{ name: 'action', type: 'integers', shape: [] }] })).reason!,
    'of floats; expected integers',
  )
  const odd =
    '({ batchId }, writer, tag) => writer.begin(5, batchId, 3).column(tag.OUTPUTS, { type: "floats", elements: new Float32Array(3) }).bytes(tag.STATUSES, Uint8Array.of(0, 7, 0)).end()'
  assert.match((await evaluateWith(odd)).reason!, 'a status code of 7; expected 0 or 1')
})

test('JSON that a container nests deeper than anybody needs is refused, be it an answer or a frame, and what lies in strings is no depth', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  const output = { name: 'output', type: 'json', shape: [] } as const
  const answer = (text: string) => {
    const elements = Buffer.from(text)
    return predictionAt({ type: 'json', elements, offsets: Uint32Array.of(0, elements.length) }, 0, 1, output)
  }
  assert.match(String(answer(nested(100_000))), 'nested deeper than 512')
  for (const text of [nested(500), JSON.stringify(`\\"${'['.repeat(9_000)}`), `[${'[],'.repeat(9_000)}[]]`]) {
    const prediction = answer(text)
    assert.is(typeof prediction === 'string' ? prediction : prediction.json, text)
  }
  const frame = Buffer.from(
    new FrameWriter()
      .begin(FrameType.READY)
      .bytes(SectionTag.JSON, Buffer.from(`{"inputType":${nested(100_000)}}`))
      .end(),
  )
  const read = () => new FrameReader(LIMIT, (one) => readDescription(one.json())).push(frame)
  assert.throws(read, (error: unknown) => error instanceof FrameError && /nested deeper than 512/.test(error.message))
})

test('a container that is turned away, or says an ERROR before it is ready, fails to start with the reason', async () => {
  const refused = (behaviour: Behaviour) => withContainer(behaviour, (container) => messageOf(container.start()))
  assert.match(await refused({ hello: { maxInFlight: 65 } }), "test:1 was turned away: hello's maxInFlight is 65")
  assert.match(await refused({ ready: { inputType: 'words' } }), 'broke the protocol: ready says: inputType is "words"')
  assert.match(await refused({ ready: { outputs: [] } }), 'outputs are not a list of 1 to 64')
})

test('a container that is ready and fails in one write is started again, and is never taken for a living one', () =>
  withContainer({ afterReady: "new FrameWriter().begin(FrameType.ERROR).json({ message: 'oh no' }).end()" }, async (container, deaths) => {
    assert.is((await container.start()).inputSize, 1)
    assert.is(container.ready, false)
    await until(() => container.restarts >= 2)
    assert.match(deaths[0]!, 'oh no')
    const lost = await new Promise((resolve) => container.evaluate(batchOf(1), (reply) => resolve(reply)))
    assert.is(lost, null)
  }))

test('a program that is no container fails to start, with its last words', async () => {
  const listener = new ContainerListener()
  const start = async (command: string, args: string[], limits: Limits = {}) => {
    const host = processHost({ command, args }, limits, { ...SILENT, listener })
    const model = { model: 'test:1', artifact: new Uint8Array(0), isolation: 'process', settings: { kind: 'policy', limits: {} } } as const
    return new SupervisedContainer(model, () => host, SILENT).start()
  }
  assert.match(
    await messageOf(start(process.execPath, ['-e', 'throw new Error("no such backend")'])),
    /exited with code 1; it last said: [\s\S]*no such backend/,
  )
  assert.match(await messageOf(start('/no/such/program', [])), /cannot be started: .*ENOENT/)
  // This one the operating system is not even asked for.
  assert.match(await messageOf(start(process.execPath, [], { env: { ANY: 'a\0b' } })), /test:1 cannot be started: .*null bytes/)
  await listener.close()
})

test.run()
