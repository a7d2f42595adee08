import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../policies.js'
import { codeOf, inFolder, until, withServer } from '../tools.js'

test('where the port for containers is taken a server starts all the same: what it has served comes once the port is free', () =>
  inFolder(async (folder) => {
    const state = `file:${folder}` as const
    await withServer((server) => server.publish('push', pushPolicy()).then(() => {}), { state })
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await withServer(
      async (server, client) => {
        assert.is((await client.predict('push', [0, 0, 0, 1])).default, true)
        assert.is(await codeOf(server.publish('pull', pushPolicy())), 'CONTAINER_FAILED')
        other.close()
        await until(async () => !(await client.predict('push', [0, 0, 0, 1])).default)
        await server.publish('pull', pushPolicy())
      },
      { state, containers: { port } },
    )
  }))

test.run()
