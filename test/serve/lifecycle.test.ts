import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { connect, serve } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushPolicy } from './policies.js'
import { childrenOf, codeOf, containerPid, isRunning, messageOf, until, withServer } from './tools.js'

test('a busy port is one clear error', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await until(() => other.listening)
  const { port } = other.address() as { port: number }
  const refused = serve({ port })
  assert.is(await codeOf(refused), 'SERVE_PORT_IN_USE')
  assert.match(await messageOf(refused), `port ${port} on 127.0.0.1 is in use; stop what listens there, or choose another port`)
  other.close()
})

test('beyond loopback the server refuses to listen without tokens', async () => {
  assert.is(await codeOf(serve({ host: '0.0.0.0', port: 0 })), 'SERVE_HOST_REFUSED')
})

test('options out of range are refused by name', async () => {
  assert.match(await messageOf(serve({ port: 70_000 })), 'port is 70000; expected a whole number from 0 to 65535')
  assert.match(await messageOf(serve({ port: 0, cacheBytes: -1 })), 'cacheBytes is -1')
  assert.throws(() => connect('localhost:8080'), /expected one like "http:/)
})

test('close answers what is in flight, ends the containers and frees the port', async () => {
  const server = await serve({ port: 0, logLevel: 'silent' })
  const client = connect(server.url)
  await server.registerApplication({ name: 'patient', defaultOutput: -1, sloMs: 60_000 })
  await server.publish('push', pushPolicy(), { application: false })
  await server.link('patient', 'push')
  const pid = containerPid(server)
  process.kill(pid, 'SIGSTOP')
  const answers = [1, 2, 3].map((i) => client.predict('patient', [0, 0, 0, i]))
  await until(() => server.metrics().cache.misses === 3)
  const closed = server.close()
  process.kill(pid, 'SIGCONT')
  for (const { output, default: isDefault } of await Promise.all(answers)) assert.equal([output, isDefault], [1, false])
  await closed
  assert.not.ok(isRunning(pid))
  assert.is(await codeOf(client.predict('patient', [0, 0, 0, 1])), 'SERVER_UNREACHABLE')
  assert.is(await codeOf(server.publish('late', pushPolicy())), 'SERVE_CLOSED')
  client.close()
  const again = await serve({ port: server.port, logLevel: 'silent' })
  await again.close()
})

test('a container that runs in Node takes over a socket: no port is open for it that others could reach', () =>
  withServer(async (server, client) => {
    const listening = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
    await server.publish('pull', await pullPolicy(), { isolation: 'process' })
    assert.is((await client.predict('pull', [0, 0, 0, 0])).default, false)
    const before = listening()
    assert.match(await server.containerAddress(), /^127\.0\.0\.1:\d+$/)
    assert.is(listening(), before + 1)
  }))

test('closing twice is closing once, and a server that served nothing closes', async () => {
  const server = await serve({ port: 0 })
  await Promise.all([server.close(), server.close()])
})

const onlyWithProc = existsSync(`/proc/self/task/${process.pid}/children`) ? test : test.skip

onlyWithProc('closing refuses what is being published, however long its container takes to start', async () => {
  const server = await serve({ port: 0, logLevel: 'silent' })
  const client = connect(server.url)
  const there = childrenOf(process.pid)
  const publishing = [server.publish('push', pushPolicy()), client.publish('pull', pullPolicy())].map(codeOf)
  const starting = new Set<number>()
  await until(() => {
    for (const pid of childrenOf(process.pid)) {
      if (there.includes(pid) || starting.has(pid)) continue
      process.kill(pid, 'SIGSTOP')
      starting.add(pid)
    }
    return starting.size === 2
  })
  await server.close()
  assert.equal(await Promise.all(publishing), ['SERVE_CLOSED', 'REQUEST_REFUSED'])
  assert.not.ok([...starting].some(isRunning))
  client.close()
})

test('closing waits neither for a deadline far away nor for a container that is silent', async () => {
  const server = await serve({ port: 0, logLevel: 'silent' })
  const client = connect(server.url)
  await server.registerApplication({ name: 'patient', defaultOutput: -1, sloMs: 3_600_000 })
  await server.publish('push', pushPolicy(), { application: false })
  await server.link('patient', 'push')
  const pid = containerPid(server)
  process.kill(pid, 'SIGSTOP')
  const answer = client.predict('patient', [0, 0, 0, 1])
  await until(() => server.metrics().cache.misses === 1)
  await server.close()
  const { output, defaultExplanation } = await answer
  assert.equal([output, defaultExplanation], [-1, 'The server is closing'])
  assert.not.ok(isRunning(pid))
  client.close()
})

test('a closed server takes no application and no link', async () => {
  const server = await serve({ port: 0 })
  await server.close()
  assert.is(await codeOf(server.registerApplication({ name: 'late', defaultOutput: 0 })), 'SERVE_CLOSED')
  assert.is(await codeOf(server.link('late', 'later')), 'SERVE_CLOSED')
})

test('containers end when the process that serves is killed', async () => {
  const program = `
    import { serve } from 'gymnura/serve'
    const server = await serve({ port: 0 })
    await server.publish('push', Buffer.from(process.argv[1], 'base64'), { replicas: 2 })
    console.log(JSON.stringify(server.metrics().models[0].replicas.map(({ pid }) => pid)))`
  const artifact = Buffer.from(pushPolicy()).toString('base64')
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, artifact], { stdio: ['ignore', 'pipe', 'inherit'] })
  let pids: number[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    pids = JSON.parse(line)
    break
  }
  assert.is(pids.length, 2)
  assert.ok(pids.every(isRunning))
  child.kill('SIGKILL')
  await until(() => !pids.some(isRunning))
})

test('publish refuses what is not a policy, a missing file, a version twice and another shape, and leaves nothing behind', () =>
  withServer(async (server) => {
    for (const isolation of ['process', 'inline'] as const) {
      const cut = pushPolicy().slice(0, -5)
      assert.is(await codeOf(server.publish('push', cut, { isolation })), 'MODEL_REFUSED')
      assert.is(await codeOf(server.publish('push', new Uint8Array(0), { isolation })), 'MODEL_REFUSED')
    }
    assert.is(await codeOf(server.publish('push', 'no/such/file.safetensors')), 'MODEL_FILE')
    assert.equal(await server.listModels(), [])
    assert.equal(await server.listApplications(), [])
    assert.is(await codeOf(server.publish('a b', pushPolicy())), 'SERVE_OPTION')
    assert.is(await codeOf(server.publish('admin', pushPolicy())), 'SERVE_OPTION')
    await server.publish('push', pushPolicy(), { version: 3 })
    assert.is(await codeOf(server.publish('push', pushPolicy(), { version: '3' })), 'MODEL_VERSION_EXISTS')
    const { linearPolicy } = await import('./policies.js')
    const narrow = linearPolicy([[0], [1]])
    assert.match(await messageOf(server.publish('push', narrow)), /^push:4 takes 1 numbers, but push:3, .* takes 4/)
    await server.publish('narrow', narrow, { isolation: 'inline', application: false })
    assert.is(await codeOf(server.link('push', 'narrow')), 'MODEL_SHAPE')
    assert.is(await codeOf(server.link('push', 'no')), 'MODEL_UNKNOWN')
    assert.is(await codeOf(server.link('no', 'narrow')), 'APPLICATION_UNKNOWN')
    assert.is(await codeOf(server.registerApplication({ name: 'push', defaultOutput: 0 })), 'APPLICATION_EXISTS')
    assert.is(await codeOf(server.registerApplication({ name: 'slow', defaultOutput: 0, sloMs: 0 })), 'SERVE_OPTION')
  }))

test.run()
