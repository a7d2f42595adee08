import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushPolicy } from '../serve/policies.js'
import { gymnura, Running } from './command.js'

const test = suite<{ folder: string }>('gymnura serve, models, promote, rollback, feedback')
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'gymnura-cli-'))
  writeFileSync(join(context.folder, 'pull.safetensors'), pullPolicy())
  writeFileSync(join(context.folder, 'push.safetensors'), pushPolicy())
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

const INPUT = ['--input', '[0, 0, 0, 1]']

const urlOf = async (server: Running) => (await server.said(/http:[^;\s]+/))[0]

async function stop(server: Running): Promise<void> {
  server.process.kill('SIGINT')
  await server.ended
}

test('versions are listed, promoted and rolled back on a running server, and outlive it with its folder', async ({ folder }) => {
  let server = new Running(folder, ['serve', '--port', '0', '--state', 'file:state'])
  try {
    let url = ['--url', await urlOf(server)]
    for (const file of ['pull', 'push']) {
      const { code, stderr } = await gymnura(folder, 'publish', `${file}.safetensors`, '--name', 'cart', '--isolation', 'inline', ...url)
      assert.is(code, 0, stderr)
    }
    const output = async () => JSON.parse((await gymnura(folder, 'predict', 'cart', ...INPUT, '--json', ...url)).stdout).output
    assert.is(await output(), 1)
    assert.match(
      (await gymnura(folder, 'models', ...url)).stdout,
      / {2}cart:1 +policy +4 floats +inline.*\n\* cart:2 +policy +4 floats +inline/,
    )
    assert.is((await gymnura(folder, 'rollback', 'cart', ...url)).stdout, 'cart version 1 answers\n')
    assert.is(await output(), 0)
    await stop(server)
    server = new Running(folder, ['serve', '--port', '0', '--state', 'file:state'])
    url = ['--url', await urlOf(server)]
    assert.is(await output(), 0)
    assert.is(JSON.parse((await gymnura(folder, 'promote', 'cart', '2', '--json', ...url)).stdout).version, '2')
    assert.is(await output(), 1)
    const unknown = await gymnura(folder, 'promote', 'cart', '9', ...url)
    assert.equal(
      [unknown.code, unknown.stderr],
      [1, 'gymnura: promote cart: Requested version: 9 does not exist for model: cart (HTTP 400)\n'],
    )
  } finally {
    await stop(server)
  }
})

test('feedback is given by query id, once', async ({ folder }) => {
  const server = new Running(folder, [
    'serve',
    '--port',
    '0',
    '--state',
    'file:state',
    '--policy',
    'cart=push.safetensors',
    '--isolation',
    'inline',
  ])
  try {
    const url = ['--url', await urlOf(server)]
    const { queryId } = JSON.parse((await gymnura(folder, 'predict', 'cart', ...INPUT, '--json', ...url)).stdout)
    const give = (...verdict: string[]) => gymnura(folder, 'feedback', 'cart', '--query', String(queryId), ...verdict, ...url)
    assert.equal(await give('--reward', '1').then(({ code, stdout }) => [code, stdout]), [0, 'accepted\n'])
    assert.equal(await give('--reward', '1').then(({ code, stdout }) => [code, stdout.split(':')[0]]), [1, 'not accepted'])
    assert.is((await give()).code, 2)
  } finally {
    await stop(server)
  }
})

test.run()
