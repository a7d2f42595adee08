import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ClockCache } from '../../serve/query/clock-cache.js'

test('what was hit since the hand passed stays, what was not goes first', () => {
  const cache = new ClockCache<number>(3)
  for (const [i, key] of ['a', 'b', 'c'].entries()) cache.set(key, i, 1)
  assert.is(cache.get('a'), 0)
  cache.set('d', 3, 1)
  assert.equal(
    ['a', 'b', 'c', 'd'].map((key) => cache.get(key)),
    [0, undefined, 2, 3],
  )
})

test('it never holds more than it may, never gives a value of another key, and counts right', () => {
  const action = fc.record({ key: fc.integer({ min: 0, max: 30 }), bytes: fc.integer({ min: 1, max: 60 }), read: fc.boolean() })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 400 }), fc.integer({ min: 1, max: 200 }), (actions, maxBytes) => {
      const cache = new ClockCache<string>(maxBytes)
      const sizes = new Map<string, number>()
      const last = new Map<string, string>()
      for (const [i, { key, bytes, read }] of actions.entries()) {
        const name = `k${key}`
        if (!read) {
          cache.set(name, `${name}@${i}`, bytes)
          sizes.set(name, bytes)
          last.set(name, `${name}@${i}`)
        }
        const found = cache.get(name)
        assert.ok(found === undefined || found === last.get(name))
        if (!read) assert.is(found !== undefined, bytes <= maxBytes)
        assert.ok(cache.bytes <= maxBytes)
      }
      const kept = [...last.keys()].filter((name) => cache.get(name) !== undefined)
      assert.is(cache.size, kept.length)
      assert.is(
        cache.bytes,
        kept.reduce((sum, name) => sum + sizes.get(name)!, 0),
      )
    }),
  )
})

test('it grows with what it holds', () => {
  const cache = new ClockCache<number>(1e6)
  for (let i = 0; i < 5_000; i++) cache.set(String(i), i, 10)
  assert.is(cache.size, 5_000)
  for (let i = 0; i < 5_000; i++) assert.is(cache.get(String(i)), i)
})

test.run()
