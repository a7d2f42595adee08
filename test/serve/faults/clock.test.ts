import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { linearPolicy, pullPolicy, pushPolicy } from '../policies.js'
import { inFolder, withServer } from '../tools.js'

const UP = [0, 0, 0, 1]
const DAY_MS = 86_400_000

/** The wall clock, so many milliseconds ahead, for the length of `use`. */
async function withClock(use: (set: (aheadMs: number) => void) => Promise<void>): Promise<void> {
  const { now } = Date
  let aheadMs = 0
  Date.now = () => now() + aheadMs
  try {
    await use((ahead) => {
      aheadMs = ahead
    })
  } finally {
    Date.now = now
  }
}

/** Answers 0 whatever it is asked. */
const restPolicy = () =>
  linearPolicy([
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ])

test('a rollback goes to the version that was current before, though the clock has gone back since', () =>
  inFolder((folder) =>
    withClock(async (setClock) => {
      const state = `file:${folder}` as const
      await withServer(
        async (server) => {
          await server.publish('m', restPolicy(), { version: 'old', isolation: 'inline' })
          await server.publish('m', pullPolicy(), { version: 'a', isolation: 'inline' })
          setClock(-DAY_MS)
          await server.publish('m', pushPolicy(), { version: 'b', isolation: 'inline' })
          setClock(-2 * DAY_MS)
          await server.setVersion('m', 'old')
          assert.is((await server.rollback('m')).version, 'b')
          assert.is((await server.rollback('m')).version, 'old')
        },
        { state },
      )
      setClock(-3 * DAY_MS)
      await withServer(
        async (server, client) => {
          assert.is((await client.predict('m', UP)).output, 0)
          assert.is((await server.rollback('m')).version, 'b')
          assert.is((await client.predict('m', UP)).output, 1)
        },
        { state },
      )
    }),
  ))

test('queries are answered by their deadlines while the wall clock jumps by days', () =>
  withClock((setClock) =>
    withServer(async (server, client) => {
      await server.publish('push', pushPolicy(), { isolation: 'inline', application: false })
      await server.registerApplication({ name: 'push', defaultOutput: -1, sloMs: 60_000 })
      await server.registerApplication({ name: 'nobody', defaultOutput: -1, sloMs: 20 })
      await server.link('push', 'push')
      for (let i = 0; i < 40; i++) {
        setClock((i % 2 === 0 ? 1 : -1) * i * DAY_MS)
        const [answer, late] = await Promise.all([client.predict('push', [0, 0, i, 1]), client.predict('nobody', UP)])
        assert.equal([answer.output, late.output], [1, -1])
      }
    }),
  ))

test.run()
