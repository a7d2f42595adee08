import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CHANNEL_BYTES, LENGTH, PAYLOAD_BYTES, REQUEST_HEAD, REQUEST_RING, REQUEST_TAIL, RING_BYTES } from '../../core/worker/layout.js'
import { RingReader, RingWriter } from '../../core/worker/ring.js'

function ring() {
  const words = new Int32Array(new SharedArrayBuffer(CHANNEL_BYTES))
  const writer = new RingWriter(words, REQUEST_RING, REQUEST_TAIL, REQUEST_HEAD)
  const reader = new RingReader(words, REQUEST_RING, REQUEST_TAIL, REQUEST_HEAD)
  const write = (value: number, bytes: number): boolean => {
    const at = writer.reserve(bytes)
    if (at < 0) return false
    words[at + LENGTH] = bytes
    words[at + PAYLOAD_BYTES] = value
    words[at + bytes / 4 - 1] = value
    writer.publish(bytes)
    return true
  }
  const read = (): number | undefined => {
    const at = reader.next()
    if (at < 0) return undefined
    const bytes = words[at + LENGTH]!
    assert.is(words[at + bytes / 4 - 1], words[at + PAYLOAD_BYTES], 'a record lies in one piece')
    reader.skip(bytes)
    reader.share()
    return words[at + PAYLOAD_BYTES]
  }
  return { words, writer, reader, write, read }
}

test('whatever the sizes, records come out whole, once, and in order', () => {
  const step = fc.record({
    bytes: fc.integer({ min: 4, max: RING_BYTES / 32 }).map((eighths) => eighths * 8),
    reads: fc.integer({ min: 0, max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const { write, read } = ring()
      let written = 0
      let expected = 0
      for (const { bytes, reads } of steps) {
        if (write(written, bytes)) written++
        for (let i = 0; i < reads; i++) {
          const value = read()
          if (value === undefined) assert.is(expected, written)
          else assert.is(value, expected++)
        }
      }
      for (let value = read(); value !== undefined; value = read()) assert.is(value, expected++)
      assert.is(expected, written)
    }),
    { numRuns: 200 },
  )
})

test('a full ring takes no more until the reader has given room back', () => {
  const { reader, words, write } = ring()
  let count = 0
  while (write(count, 1024)) count++
  assert.is(count, RING_BYTES / 1024)
  const at = reader.next()
  reader.skip(words[at + LENGTH]!)
  assert.not(write(count, 1024), 'gone past, but not given back')
  reader.share()
  assert.ok(write(count, 1024))
})

test('the counters go on over 2³² bytes', () => {
  const { write, read } = ring()
  const bytes = RING_BYTES / 2
  for (let i = 0; i < 2 ** 32 / bytes + 10; i++) {
    assert.ok(write(i, bytes))
    assert.is(read(), i)
  }
})

test('the writer knows which records the reader has gone past', () => {
  const { writer, write, read } = ring()
  writer.reserve(32)
  const position = writer.position
  write(1, 32)
  assert.not(writer.passed(position))
  read()
  assert.ok(writer.passed(position))
})

test.run()
