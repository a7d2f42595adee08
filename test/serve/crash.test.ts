import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushAction, pushPolicy } from './policies.js'
import { containerPid, isRunning, until, withServer } from './tools.js'

test('kill -9 of the container under load loses no query, answers none wrong, and it comes back', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'busy', defaultOutput: -1, sloMs: 60_000 })
    await server.publish('push', pushPolicy(), { application: false })
    await server.link('busy', 'push')
    let sent = 0
    let open = true
    async function ask(): Promise<void> {
      while (open) {
        const observation = [0, 0, sent++, sent % 3 === 0 ? 1 : -1]
        const { output, default: isDefault } = await client.predict('busy', observation)
        assert.is(isDefault, false)
        assert.is(output, pushAction(observation))
      }
    }
    const load = Array.from({ length: 16 }, ask)
    const killed: number[] = []
    for (let kill = 0; kill < 3; kill++) {
      const before = sent
      await until(() => sent > before + 200)
      const pid = containerPid(server)
      killed.push(pid)
      process.kill(pid, 'SIGKILL')
      await until(
        () => server.metrics().models[0]?.replicas[0]?.restarts === kill + 1 && server.metrics().models[0]?.replicas[0]?.ready === true,
      )
    }
    open = false
    await Promise.all(load)
    assert.not.ok(killed.some(isRunning))
    assert.is(server.metrics().applications.busy?.queries, sent)
    assert.is(new Set(killed).size, 3)
  }))

test('a batch in flight when its container is killed is evaluated by another replica', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'busy', defaultOutput: -1, sloMs: 60_000 })
    await server.publish('push', pushPolicy(), { application: false, replicas: 2 })
    await server.link('busy', 'push')
    const pid = containerPid(server)
    process.kill(pid, 'SIGSTOP')
    const answers = [0, 1, 2, 3].map((i) => client.predict('busy', [0, 0, i, 1]))
    await until(() => server.metrics().models[0]!.batchSizes[1] !== undefined)
    process.kill(pid, 'SIGKILL')
    for (const { output, default: isDefault } of await Promise.all(answers)) assert.equal([output, isDefault], [1, false])
    assert.ok(server.metrics().models[0]!.retried > 0)
  }))

test('with a short deadline, queries during the restart get the default with its reason', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'hasty', defaultOutput: -1, sloMs: 5 })
    await server.publish('push', pushPolicy(), { application: false })
    await server.link('hasty', 'push')
    process.kill(containerPid(server), 'SIGKILL')
    let defaults = 0
    await until(async () => {
      const { default: isDefault, output, defaultExplanation } = await client.predict('hasty', [0, 0, defaults, 1])
      if (isDefault) {
        defaults++
        assert.is(output, -1)
        assert.is(typeof defaultExplanation, 'string')
      }
      return !isDefault && defaults > 0
    })
  }))

const HANGING_PROGRAM = `
  import { serve, connect } from 'gymnura/serve'
  const server = await serve({ port: 0, logLevel: 'silent', allow: ['function'] })
  await server.publish('hangs', (inputs) => { if (inputs[0][0] === 1) for (;;); return inputs.map(() => 0) }, { inputType: 'floats', inputSize: 1 })
  await connect(server.url).predict('hangs', [1])
  console.log(server.metrics().models[0].replicas[0].pid)`

test('a function in an endless loop does not outlive a frontend that was killed', async () => {
  const frontend = spawn(process.execPath, ['--input-type=module', '-e', HANGING_PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [told] = (await once(frontend.stdout, 'data')) as [Buffer]
  const container = Number(told.toString())
  assert.ok(isRunning(container))
  frontend.kill('SIGKILL')
  await until(() => !isRunning(container))
})

test.run()
