import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../serve/policies.js'
import { inFolder } from '../serve/tools.js'
import { gymnura, json, Running, withServing } from './command.js'

const withPush = (use: (folder: string, url: string, server: Running) => Promise<void>) =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'push.safetensors'), pushPolicy())
    await withServing(folder, ['--policy', 'push.safetensors'], (url, server) => use(folder, url, server))
  })

test('logs shows what has happened; followed, what happens, until Ctrl-C', () =>
  withPush(async (folder, url) => {
    const [{ pid }] = await json<[{ pid: number }]>(folder, 'containers', '--url', url)
    const shown = (await gymnura(folder, 'logs', '--url', url)).stdout
    assert.match(shown, new RegExp(`info +push:1 a container is ready containerPid=${pid} restarts=0`))
    assert.not.match(shown, /hostname|"level"/)
    const following = new Running(folder, ['logs', '-f', '--url', url, '--level', 'warn', '--model', 'push', '--json'])
    const debugging = new Running(folder, ['logs', '-f', '--url', url, '--level', 'debug'])
    await debugging.said(/serving/)
    await json(folder, 'predict', 'push', '--input', '[0,0,0,1]', '--url', url)
    await debugging.said(/debug +answered reqId=\S+ method=POST path=\/push\/predict ip=127\.0\.0\.1 status=200 ms=/)
    process.kill(pid, 'SIGKILL')
    await following.said(/"msg":"a container was lost and is started again"/)
    for (const running of [following, debugging]) {
      running.process.kill('SIGINT')
      assert.is((await running.ended).code, 0)
    }
    assert.is(JSON.parse(following.stdout).containerPid, pid)
    const wrong = await gymnura(folder, 'logs', '--level', 'loud', '--url', url)
    assert.is(wrong.code, 2)
    assert.match((await gymnura(folder, 'logs', '--limit', '-3', '--url', url)).stderr, /limit is "-3"; expected a whole number/)
  }))

test('logs that are followed end with an error when the server is killed, and without one when it closes', () =>
  inFolder(async (folder) => {
    for (const [signal, code] of [
      ['SIGINT', 0],
      ['SIGKILL', 1],
    ] as const) {
      const server = new Running(folder, ['serve', '--port', '0'])
      const [, url = ''] = await server.said(/serving on ([^;]+)/)
      const following = new Running(folder, ['logs', '-f', '--url', url])
      await following.said(/serving/)
      server.process.kill(signal)
      const ended = await following.ended
      assert.is(ended.code, code, ended.stderr)
      if (code === 1) assert.match(ended.stderr, /^gymnura: logs: .* hung up/)
    }
  }))

test('top tells rates, latencies, arms, models and the cache: by the line when piped, and as JSON', () =>
  withPush(async (folder, url) => {
    const server = ['--url', url]
    assert.is(
      (await gymnura(folder, 'register', 'choice', '--default', '0', '--selection', 'exp3', '--link', 'push', 'push:1', ...server)).code,
      0,
    )
    const watching = new Running(folder, ['top', '--interval', '0.5', ...server])
    await watching.said(/push 0\/s, p50 –/)
    const ask = json(folder, 'play', 'choice', 'CartPole-v1', '--episodes', '20', '--parallel', '8', ...server)
    const looking = json<{
      applications: { name: string; queriesPerS: number; p50Ms: number; arms: { name: string; share: number; weight: number }[] }[]
      models: { inputsPerS: number; meanBatch: number; containers: { ready: boolean; pid: number }[] }[]
      cache: { lookupsPerS: number }
    }>(folder, 'top', '--count', '1', '--interval', '1.5', ...server)
    await watching.said(
      /choice [\d,.]+\/s, p50 [\d.]+ ms, p99 [\d.]+ ms, .*batch [\d.]+, queued \d+, cache [\d.]+ %, push [\d.]+ %, push:1 [\d.]+ %/,
    )
    await Promise.all([ask, looking])
    watching.process.kill('SIGINT')
    assert.is((await watching.ended).code, 0)
    const view = await looking
    const choice = view.applications.find(({ name }) => name === 'choice')!
    assert.equal(
      choice.arms.map(({ name }) => name),
      ['push', 'push:1'],
    )
    if (choice.queriesPerS > 0) {
      assert.ok(choice.p50Ms > 0)
      assert.ok(Math.abs(choice.arms[0]!.share + choice.arms[1]!.share - 1) < 1e-9)
    }
    assert.ok(Math.abs(choice.arms[0]!.weight + choice.arms[1]!.weight - 1) < 1e-9)
    assert.ok(view.models[0]!.containers[0]!.pid > 0)
  }))

test('what shows a server as it goes ends once nobody reads it any more', () =>
  withPush(async (folder, url) => {
    const watching = new Running(folder, ['top', '--interval', '0.1', '--url', url])
    const following = new Running(folder, ['logs', '-f', '--level', 'debug', '--url', url])
    await following.said(/answered/)
    // It is seen at the next line: the other one's looks are such lines.
    for (const running of [following, watching]) {
      running.process.stdout!.destroy()
      assert.is((await running.ended).code, 0)
    }
  }))

test('top refuses intervals that are none, and a server that is not there', () =>
  inFolder(async (folder) => {
    for (const [flag, value] of [
      ['--interval', '0'],
      ['--interval', 'x'],
      ['--count', '0'],
    ])
      assert.is((await gymnura(folder, 'top', flag!, value!)).code, 2)
    const { code, stderr } = await gymnura(folder, 'top', '--url', 'http://127.0.0.1:9')
    assert.equal([code, /is the server running\?\n$/.test(stderr)], [1, true])
  }))

test.run()
