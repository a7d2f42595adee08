import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { WebSocket } from 'ws'
import { pushPolicy } from './policies.js'
import { withServer } from './tools.js'

/** The client as a bundler makes it for a page: it fails where anything of Node is imported. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: "export { connect } from 'gymnura/serve'", resolveDir: process.cwd() },
    platform: 'browser',
    format: 'iife',
    globalName: 'gymnura',
    bundle: true,
    write: false,
    logLevel: 'silent',
    // Only looked for where there is no WebSocket.
    external: ['ws'],
  })
  return outputFiles[0]!.text
}

test('in a browser the client is small, needs nothing of Node, and predicts, tells feedback and acts in a loop', async () => {
  const source = await bundle()
  assert.ok(source.length < 100_000, `${source.length} characters`)
  assert.not.match(source, /node:|require\(/)
  // What a page has, and nothing else: no process, no Buffer, no require.
  const page = {
    fetch,
    AbortSignal,
    TextEncoder,
    URL,
    URLSearchParams,
    WebSocket,
    btoa,
    setTimeout,
    clearTimeout,
    performance,
    done: undefined,
  }
  const context = createContext(page)
  runInContext(source, context)
  await withServer(
    async (server) => {
      await server.publish('push', pushPolicy(), { isolation: 'inline' })
      const program = `(async () => {
        const client = gymnura.connect(${JSON.stringify(server.url)}, { token: 'push-token-0123456789' })
        const { output, queryId } = await client.predict('push', [0, 0, 0, 1])
        const batch = await client.predictBatch('push', [[0, 0, 0, -1], [0, 0, 0, 1]])
        const told = await client.feedback('push', { queryId, reward: 1 })
        const loop = await client.control('push')
        const acted = await loop.act([0, 0, 0, 1])
        loop.close()
        const refused = await client.predict('push', [0]).catch((error) => error.code + ' ' + error.message)
        return JSON.stringify([output, batch.map(({ output }) => output), told.accepted, acted.output, refused])
      })()`
      assert.equal(JSON.parse(await runInContext(program, context)), [
        1,
        [0, 1],
        false,
        1,
        'REQUEST_REFUSED push: input: expected 4 numbers, got 1 (HTTP 400)',
      ])
    },
    { tokens: { admin: 'admin-token-0123456789', applications: { push: 'push-token-0123456789' } } },
  )
})

test.run()
