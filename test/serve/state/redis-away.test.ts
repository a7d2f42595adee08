import { serve } from 'gymnura/serve'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../policies.js'
import { until } from '../tools.js'
import { redisTest as test, withRedis } from './redis-server.js'

test('whoever looks at the metrics while Redis is away harms nothing, also where a bandit has not been asked yet', () =>
  withRedis(async (redis) => {
    const server = await serve({ port: 0, logLevel: 'silent', state: redis.url })
    const inline = { isolation: 'inline', application: false } as const
    await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 1000, selection: 'exp3' })
    for (const name of ['a', 'b']) {
      await server.publish(name, pushPolicy(), inline)
      await server.link('balance', name)
    }
    await redis.kill()
    const weights = () => server.metrics().applications.balance!.arms.map(({ weight }) => weight)
    assert.equal(weights(), [null, null])
    // A promise that nobody hears would end the process now.
    await new Promise((resolve) => setTimeout(resolve, 50))
    await redis.startAgain()
    await until(() => weights().every((weight) => weight === 0.5))
    await server.close()
  }))

test.run()
