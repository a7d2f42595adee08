import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { linearPolicy, pullPolicy, pushPolicy } from './policies.js'
import { messageOf, withServer } from './tools.js'

const inline = { isolation: 'inline', application: false } as const
/** A policy for observations of so many numbers. */
const ofWidth = (width: number) => linearPolicy([new Array(width).fill(0), new Array(width).fill(1)])

test('a query for a version of several models is refused where those take different inputs, and nothing else is harmed', () =>
  withServer(async (server, client) => {
    for (const [name, width] of [
      ['wide', 40],
      ['narrow', 2],
    ] as const) {
      await server.publish(name, ofWidth(width), inline)
      await server.publish(name, pushPolicy(), inline)
    }
    await server.registerApplication({ name: 'both', defaultOutput: -1, sloMs: 5000, selection: 'exp4' })
    for (const name of ['wide', 'narrow']) await server.link('both', name)
    assert.match(
      await messageOf(client.predict('both', new Array(40).fill(1), { version: 1 })),
      /wide:1 takes 40 numbers, narrow:1 2 numbers/,
    )
    assert.is((await client.predict('both', [0, 0, 0, 1])).output, 1)
  }))

test('feedback on a query that named a version is for that version, whatever the bandit would have asked', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 5000, selection: 'ucb1' })
    await server.publish('cart', pullPolicy(), inline)
    await server.publish('cart', pushPolicy(), inline)
    for (const link of ['cart:1', 'cart:2']) await server.link('balance', link)
    for (let i = 0; i < 20; i++) {
      const { output, queryId } = await client.predict('balance', [0, 0, i, 1], { version: 2 })
      assert.is(output, 1)
      assert.equal(await client.feedback('balance', { queryId, reward: 1 }), { accepted: true })
    }
    const { arms } = server.metrics().applications.balance!
    assert.equal(
      arms.map(({ name, feedback }) => [name, feedback]),
      [
        ['cart:1', 0],
        ['cart:2', 20],
      ],
    )
  }))

test.run()
