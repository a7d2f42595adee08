import { randomBytes } from 'node:crypto'
import { runContainer } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../policies.js'
import { inFolder, until, withServer } from '../tools.js'
import { kill, withFolder, withProcess } from './server-process.js'

const UP = [0, 0, 0, 1]

test('a server starts again though a container that connects by itself does not come; the model answers once it does', () =>
  inFolder(async (folder) => {
    const state = `file:${folder}` as const
    const token = randomBytes(16).toString('hex')
    const sums = (inputs: Float32Array[]) => inputs.map((input) => input.reduce((sum, x) => sum + x, 0))
    const settings = { inputSize: 2, outputs: [{ name: 'y', type: 'doubles', shape: [] }] } as const
    await withServer(
      async (server) => {
        const published = server.publish('away', new Uint8Array(0), { kind: 'external', token })
        void runContainer(sums, { address: await server.containerAddress(), token, ...settings }).catch(() => {})
        await published
        await server.publish('push', pushPolicy(), { isolation: 'inline' })
      },
      { state },
    )
    await withServer(
      async (server, client) => {
        assert.is((await client.predict('push', UP)).output, 1)
        assert.is((await client.predict('away', [1, 2])).default, true)
        void runContainer(sums, { address: await server.containerAddress(), token, ...settings }).catch(() => {})
        await until(async () => (await client.predict('away', [1, 2])).output === 3)
      },
      { state },
    )
  }))

test('a container that is lost while its model starts again is started once more', () =>
  inFolder(async (folder) => {
    const state = `file:${folder}` as const
    const allow = ['function'] as const
    // It ends at once as often as the file beside it says.
    const source = `import { readFileSync, writeFileSync } from 'node:fs'
      const file = ${JSON.stringify(`${folder}/ends`)}
      const left = Number(readFileSync(file, 'utf8'))
      writeFileSync(file, String(left - 1))
      if (left > 0) process.exit(9)
      export const inputSize = 1
      export default (inputs) => inputs.map((input) => input[0] + 1)`
    const { writeFileSync } = await import('node:fs')
    writeFileSync(`${folder}/ends`, '0')
    await withServer(
      async (server) => {
        await server.publish('frail', Buffer.from(source), { kind: 'function' })
        await server.publish('push', pushPolicy(), { isolation: 'inline' })
      },
      { state, allow },
    )
    writeFileSync(`${folder}/ends`, '2')
    await withServer(
      async (_server, client) => {
        assert.is((await client.predict('push', UP)).output, 1)
        await until(async () => (await client.predict('frail', [1])).output === 2)
      },
      { state, allow },
    )
  }))

test('a kill between two promotions leaves one version that says it is current', () =>
  withFolder(async (folder) => {
    for (let round = 0; round < 3; round++) {
      await withProcess(folder, {}, async (server) => {
        const { client } = server
        if (round === 0) for (const version of [1, 2, 3]) await client.publish('m', pushPolicy(), { version, isolation: 'inline' })
        let last = ''
        const killed = new Promise((resolve) => setTimeout(resolve, 100 + 50 * round)).then(() => kill(server))
        try {
          for (let i = 0; ; i++) {
            last = String(1 + (i % 3))
            await client.admin.setVersion('m', last)
          }
        } catch {
          // It was killed.
        }
        await killed
        assert.ok(last !== '')
      })
      await withProcess(folder, {}, async ({ client }) => {
        assert.is((await client.admin.models()).filter(({ current }) => current).length, 1)
      })
    }
  }))

test.run()
