import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runContainer } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pushPolicy } from '../serve/policies.js'
import { saveDense } from '../serve/tfjs-models.js'
import { inFolder } from '../serve/tools.js'
import { gymnura, json, Running, withServing } from './command.js'

const TOKEN = 'container-token-0123456789'
const MAIN = new URL('../../serve/containers/container-main.js', import.meta.url).pathname

const output = async (folder: string, url: string, app: string, input: unknown) =>
  (await json(folder, 'predict', app, '--input', JSON.stringify(input), '--url', url)).output

test('a function in a module, a TensorFlow.js model, an endpoint and an image are published from the command line', () =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'push.safetensors'), pushPolicy())
    writeFileSync(join(folder, 'double.mjs'), 'export default (batch) => batch.map((row) => Array.from(row, (x) => 2 * x))')
    writeFileSync(
      join(folder, 'shout.js'),
      "export const inputType = 'strings'\nexport default (batch) => batch.map((text) => text.toUpperCase())",
    )
    await saveDense(folder, 3, 2)
    // In an engine's place: it runs what the image's program would be.
    writeFileSync(join(folder, 'engine'), `#!/bin/sh\nexec "${process.execPath}" "${MAIN}" "${join(folder, 'push.safetensors')}"\n`)
    chmodSync(join(folder, 'engine'), 0o755)
    await withServing(folder, ['--allow', 'function', 'image', '--policy', 'push.safetensors'], async (url) => {
      const publish = (...args: string[]) => json(folder, 'publish', ...args, '--url', url)
      assert.is((await publish('double.mjs', '--slo', '60000')).name, 'double')
      assert.equal(await output(folder, url, 'double', [1, 2.5]), [2, 5])
      for (const policy of ['aimd', 'quantile', 'none'])
        await publish('double.mjs', '--name', policy, '--no-app', '--isolation', 'inline', '--batching', policy)
      await publish('shout.js', '--isolation', 'thread', '--slo', '60000', '--batching', '{"policy":"fixed","size":2}')
      assert.is(await output(folder, url, 'shout', 'grüße'), 'GRÜSSE')
      await publish('model.json', '--name', 'dense', '--slo', '60000')
      assert.is(((await output(folder, url, 'dense', [1, 2, 3])) as number[]).length, 2)
      await publish(`${url}/v2/models/push`, '--name', 'far', '--slo', '60000')
      assert.is(await output(folder, url, 'far', [0, 0, 0, 1]), 1)
      await publish('example/push:1', '--kind', 'image', '--name', 'image', '--engine', join(folder, 'engine'), '--slo', '60000')
      assert.is(await output(folder, url, 'image', [0, 0, 0, 1]), 1)
      const all = await json<{ name: string; kind: string }[]>(folder, 'models', '--url', url)
      const models = all.filter(({ name }) => !['aimd', 'quantile', 'none'].includes(name))
      assert.equal(Object.fromEntries(models.map(({ name, kind }) => [name, kind])), {
        push: 'policy',
        double: 'function',
        shout: 'function',
        dense: 'tfjs',
        far: 'remote',
        image: 'image',
      })
    })
  }))

test('an external container is waited for, at an address that is told, and shows a token of the environment', () =>
  inFolder((folder) =>
    withServing(folder, [], async (url) => {
      const args = ['publish', '--kind', 'external', '--name', 'mine', '--slo', '60000', '--url', url]
      const without = await gymnura(folder, ...args)
      assert.is(without.code, 1)
      assert.match(without.stderr, /GYMNURA_CONTAINER_TOKEN is missing; expected at least 16 characters/)
      const publishing = new Running(folder, args, { GYMNURA_CONTAINER_TOKEN: TOKEN })
      const [, address = ''] = await publishing.said(/waiting for a container at (\S+) that shows GYMNURA_CONTAINER_TOKEN/)
      // It may come before the server has heard of its token; as a container of a real fleet would, it tries again.
      const run = (): Promise<void> =>
        runContainer((batch: Float32Array[]) => batch.map(([x]) => x! + 1), { address, token: TOKEN }).catch((error: Error) =>
          error.message.includes('unknown token') ? run() : undefined,
        )
      void run()
      const { code, stdout, stderr } = await publishing.ended
      assert.is(code, 0, stderr)
      assert.match(stdout, /mine version 1 is live/)
      assert.is(await output(folder, url, 'mine', [41]), 42)
    }),
  ))

test('code is not run without permission, and what cannot run says what is missing', () =>
  inFolder((folder) =>
    withServing(folder, [], async (url) => {
      writeFileSync(
        join(folder, 'double.mjs'),
        `import { writeFileSync } from 'node:fs'\nwriteFileSync(${JSON.stringify(join(folder, 'ran'))}, '')`,
      )
      writeFileSync(join(folder, 'm.py'), 'class Model:\n    pass\n')
      writeFileSync(join(folder, 'm.onnx'), 'onnx')
      const refused = async (...args: string[]) => {
        const { code, stderr } = await gymnura(folder, 'publish', ...args, '--url', url)
        assert.is(stderr.trimEnd().split('\n').length, 1, stderr)
        return `${code} ${stderr}`
      }
      assert.match(await refused('double.mjs'), /^1 .*runs code that comes with it; .* gymnura serve --allow function/)
      assert.match(await refused('m.py'), /gymnura serve --allow python/)
      assert.match(await refused('an/image', '--kind', 'image', '--name', 'i'), /gymnura serve --allow image/)
      assert.match(
        await refused('m.onnx', '--env', 'NODE_OPTIONS=--import data:,'),
        /--env is an object; expected none over HTTP for kind "onnx"/,
      )
      assert.match(await refused('m.onnx'), /needs onnxruntime-node or onnxruntime-web: npm install/)
      assert.match(await refused('none.onnx'), /^1 gymnura: cannot read the model none\.onnx: ENOENT/)
      assert.match(await refused('m.onnx', '--env', 'novalue'), /^2 .*--env is novalue; expected NAME=VALUE/)
      assert.match(await refused('m.onnx', '--batching', '{'), /^2 .*--batching is \{; expected JSON/)
      assert.match(await refused('m.onnx', '--batching', 'often'), /--batching\.policy is "often"; expected aimd, quantile, fixed, none/)
      assert.match(await refused('m.onnx', '--memory-mb', '-1'), /--memory-mb is -1; expected MiB/)
      assert.match(await refused('m.onnx', '--replicas', '0'), /--replicas is 0; expected/)
      assert.match(await refused('m.onnx', '--input-size', '0.5'), /input-size|inputSize/)
      assert.match(await refused('m.onnx', '--slo', '0'), /--slo is 0|sloMs is 0/)
      assert.match(await refused('m.onnx', '--kind', 'magic'), /^2 /)
      assert.match(await refused(), /^2 .*publish takes a model/)
      assert.equal(await json(folder, 'models', '--url', url), [])
    }),
  ))

test('a module finds nothing beside it once it is sent, and says so', () =>
  inFolder((folder) =>
    withServing(folder, ['--allow', 'function'], async (url) => {
      writeFileSync(join(folder, 'factor.mjs'), 'export const factor = 3')
      writeFileSync(join(folder, 'm.mjs'), "import { factor } from './factor.mjs'\nexport default (batch) => batch.map(() => factor)")
      const { code, stderr } = await gymnura(folder, 'publish', 'm.mjs', '--url', url)
      assert.is(code, 1)
      assert.match(stderr, /factor\.mjs/)
      // Started with it, the server reads it where it lies.
      const beside = pathToFileURL(join(folder, 'm.mjs')).pathname
      await withServing(folder, ['--allow', 'function', '--model', `m=${beside}`], async (other) => {
        assert.is(await output(folder, other, 'm', [1]), 3)
      })
    }),
  ))

test.run()
