import { spawnSync } from 'node:child_process'
import { serve } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAddress } from '../../../serve/state/redis/address.js'
import { freePort } from '../../free-port.js'
import { certificate } from '../certificate.js'
import { codeOf, inFolder, messageOf, withServer } from '../tools.js'
import { redisTest, withRedis } from './redis-server.js'

const SECRET = 'secret-0123456789'

test('an address says where Redis is, as whom to speak to it, and which database to use', () => {
  const plain = { host: '127.0.0.1', port: 6379, tls: false, database: 0, username: undefined, password: undefined }
  assert.equal(readAddress('redis://127.0.0.1'), plain)
  assert.equal(readAddress('redis://127.0.0.1/'), plain)
  assert.equal(readAddress('rediss://ann:a%40b@[::1]:7000/3'), {
    host: '::1',
    port: 7000,
    tls: true,
    database: 3,
    username: 'ann',
    password: 'a@b',
  })
})

test('what is no address is refused, without showing the password', async () => {
  for (const state of [`redis://:${SECRET}@host/x`, `redis://:${SECRET}@`, `redis://:${SECRET}@host?db=1`, `redis:/:${SECRET}//x@host`]) {
    const message = await messageOf(serve({ port: 0, state: state as 'memory' }))
    assert.match(message, /^state is ".+"; expected /)
    assert.not.ok(message.includes(SECRET), message)
  }
  assert.match(await messageOf(serve({ port: 0, sharedCache: true })), /sharedCache is true; expected false, where state is not in Redis/)
})

redisTest('a server that cannot reach its Redis does not start, and says so in a line without the password', async () => {
  const port = await freePort()
  const message = await messageOf(serve({ port: 0, logLevel: 'silent', state: `redis://:${SECRET}@127.0.0.1:${port}` }))
  assert.match(message, new RegExp(`^Redis at 127\\.0\\.0\\.1:${port} cannot be reached \\(.*ECONNREFUSED.*\\)`))
  assert.not.match(message, /\n/)
  assert.not.ok(message.includes(SECRET))
})

/** A program in a process of its own; what it printed, on either stream. */
function run(program: string, more: NodeJS.ProcessEnv = {}): string {
  const env = { ...process.env, ...more }
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8', env })
  return stdout + stderr
}

test('the client of Redis is not loaded before a state is in Redis, and where it is absent one line says how to get it', () => {
  const loaded = `import { createRequire } from 'node:module'
    import { serve } from 'gymnura/serve'
    const server = await serve({ port: 0 })
    console.log(Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('@redis')).length)
    await server.close()`
  assert.is(run(loaded), '0\n')
  const absent = `import Module from 'node:module'
    const resolve = Module._resolveFilename
    Module._resolveFilename = (name, ...rest) => {
      if (name === '@redis/client') throw Object.assign(new Error('not installed'), { code: 'MODULE_NOT_FOUND' })
      return resolve(name, ...rest)
    }
    const { serve } = await import('gymnura/serve')
    await serve({ port: 0, state: 'redis://127.0.0.1' }).catch(({ code, message }) => console.log(code, message))`
  assert.is(run(absent), 'RUNTIME_MISSING state in Redis needs @redis/client: npm install @redis/client\n')
})

redisTest('with a password Redis is spoken to as told, and the password is in no log, error, answer or metric', () =>
  withRedis(
    async (redis) => {
      const state = (password: string) => `redis://:${password}@127.0.0.1:${redis.port}` as const
      assert.is(await codeOf(serve({ port: 0, logLevel: 'silent', state: redis.url })), 'STATE_UNREACHABLE')
      assert.match(await messageOf(serve({ port: 0, logLevel: 'silent', state: state('wrong-0123456789') })), /WRONGPASS/)
      await withServer(async (server) => void (await server.registerApplication({ name: 'a', defaultOutput: 0 })), { state: state(SECRET) })
      const noisy = `import { serve } from 'gymnura/serve'
        const server = await serve({ port: 0, logLevel: 'trace', state: '${state(SECRET)}' })
        for (const path of ['/v2/health/ready', '/metrics', '/openapi.json']) console.log(await (await fetch(server.url + path)).text())
        process.kill(${redis.pid}, 'SIGKILL')
        await new Promise((resolve) => setTimeout(resolve, 500))
        console.log(await (await fetch(server.url + '/v2/health/ready')).text())
        await server.registerApplication({ name: 'b', defaultOutput: 0 }).catch((error) => console.log(error))
        await server.close()`
      const said = run(noisy)
      assert.match(said, /is away/)
      assert.match(said, /STATE_UNREACHABLE/)
      assert.not.ok(said.includes(SECRET), said)
    },
    '--requirepass',
    SECRET,
  ),
)

redisTest('over TLS the certificate of Redis is checked', () =>
  inFolder(async (folder) => {
    const made = certificate(folder)
    // Where openssl is missing there is no certificate to be had.
    if (made === undefined) return
    const { key, cert } = made
    const port = await freePort()
    const tls = ['--tls-port', String(port), '--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert]
    await withRedis(
      async () => {
        const state = `rediss://127.0.0.1:${port}` as const
        assert.match(await messageOf(serve({ port: 0, logLevel: 'silent', state })), /cannot be reached \(self-signed certificate\)/)
        const program = `import { serve } from 'gymnura/serve'
          const server = await serve({ port: 0, state: '${state}' })
          console.log((await server.registerApplication({ name: 'a', defaultOutput: 0 })).name)
          await server.close()`
        assert.match(run(program, { NODE_EXTRA_CA_CERTS: cert }), /^a$/m)
      },
      ...tls,
      '--tls-auth-clients',
      'no',
    )
  }),
)

test.run()
