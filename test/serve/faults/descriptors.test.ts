import { once } from 'node:events'
import { connect as connectSocket, type Socket } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../policies.js'
import { until } from '../tools.js'
import { withFolder, withProcess } from './server-process.js'

const UP = [0, 0, 0, 1]

test('more connections than the system grants do not end the server: it answers those that it has, and all once there is room', () =>
  withFolder((folder) =>
    withProcess(folder, { descriptors: 90 }, async ({ client, url, child, errors }) => {
      await client.publish('push', pushPolicy(), { replicas: 2 })
      await until(async () => (await client.predict('push', UP)).output === 1)
      const [{ pid }] = JSON.parse(await containersOf(url)) as [{ pid: number }]
      const sockets: Socket[] = []
      for (let i = 0; i < 150; i++) {
        const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
        socket.on('error', () => {})
        sockets.push(socket)
        await once(socket, 'connect')
      }
      // The connection that the client keeps is one of those that the server has.
      assert.is((await client.predict('push', UP)).output, 1)
      // One that is started now finds no descriptors for its pipes, as often as it is tried.
      process.kill(pid, 'SIGKILL')
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        assert.is((await client.predict('push', [0, 0, i, 1])).output, 1)
      }
      assert.is(child.exitCode, null, errors())
      for (const socket of sockets) socket.destroy()
      await until(async () => {
        const { output, default: isDefault } = await client.predict('push', UP)
        return output === 1 && !isDefault
      })
      await until(async () => JSON.parse(await containersOf(url)).every(({ ready }: { ready: boolean }) => ready))
    }),
  ))

/** All containers; none where the server takes no connection now. */
async function containersOf(url: string): Promise<string> {
  try {
    const response = await fetch(`${url}/admin/get_all_containers`, {
      method: 'POST',
      body: '{"verbose":true}',
      signal: AbortSignal.timeout(1_000),
    })
    return await response.text()
  } catch {
    return '[]'
  }
}

test.run()
