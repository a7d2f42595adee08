import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { runContainer } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { codeOf, inFolder, publishPatiently, withServer } from '../tools.js'

const token = 'as was agreed on before'
const external = { kind: 'external', token } as const
const double = (inputs: Float32Array[]) => inputs.map(([x]) => 2 * x!)

test('where the port for containers is taken a server starts all the same: what comes from outside is served once the port is free', () =>
  inFolder(async (folder) => {
    const state = `file:${folder}` as const
    await withServer(
      async (server) => {
        const container = runContainer(double, { address: await server.containerAddress(), token, inputSize: 1 })
        container.catch(() => {})
        await publishPatiently(server, 'double', new Uint8Array(0), external)
      },
      { state },
    )
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    await withServer(
      async (server, client) => {
        assert.is(await codeOf(server.containerAddress()), 'CONTAINER_FAILED')
        other.close()
        let isOpen = true
        const come = async () => {
          for (; isOpen; await new Promise((resolve) => setTimeout(resolve, 20)))
            await runContainer(double, { address: `127.0.0.1:${port}`, token, inputSize: 1 }).catch(() => {})
        }
        void come()
        assert.is((await client.predict('double', [4])).output, 8)
        isOpen = false
      },
      { state, containers: { port } },
    )
  }))

test.run()
