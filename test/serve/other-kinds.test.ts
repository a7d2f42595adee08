import { chmodSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { imageCommand } from '../../serve/containers/image.js'
import { freePort } from '../free-port.js'
import { pushPolicy } from './policies.js'
import { saveDense } from './tfjs-models.js'
import { inFolder, messageOf, publishPatiently, until, withServer } from './tools.js'

for (const isolation of ['process', 'thread'] as const) {
  test(`a layers model of TensorFlow.js answers what it answers by itself, isolation ${isolation}`, () =>
    withServer((server, client) =>
      inFolder(async (folder) => {
        const { model, file } = await saveDense(folder, 3, 2)
        const { inputSize, settings } = await publishPatiently(server, 'dense', file, { isolation })
        assert.equal([inputSize, settings?.kind], [3, 'tfjs'])
        const inputs = Array.from({ length: 7 }, (_, i) => [i / 3, -i, 0.5])
        const expected = (model.predict(tf.tensor2d(inputs)) as tf.Tensor).arraySync() as number[][]
        const answers = await client.predictBatch('dense', inputs)
        for (const [row, { output }] of answers.entries()) {
          for (const [i, value] of (output as number[]).entries()) assert.ok(Math.abs(value - expected[row]![i]!) < 1e-5)
        }
      }),
    ))
}

test('a TensorFlow.js model whose weights lie elsewhere, or are missing, is refused with the file', () =>
  withServer((server) =>
    inFolder(async (folder) => {
      const write = (weightsManifest: unknown) =>
        writeFileSync(join(folder, 'model.json'), JSON.stringify({ modelTopology: {}, weightsManifest }))
      write([{ paths: ['../secret'], weights: [] }])
      assert.match(await messageOf(server.publish('m', join(folder, 'model.json'))), 'names weights outside its folder: ../secret')
      write([{ paths: ['gone.bin'], weights: [] }])
      assert.match(await messageOf(server.publish('m', join(folder, 'model.json'))), 'gone.bin')
    }),
  ))

test('a model whose runtime is not installed is refused with the line that installs it', () =>
  withServer(async (server) => {
    const refusal = await messageOf(server.publish('m', new Uint8Array(8), { kind: 'onnx', isolation: 'inline' }))
    assert.is(refusal, 'm:1: a model of kind "onnx" needs onnxruntime-node or onnxruntime-web: npm install onnxruntime-web')
  }))

/** Another server that speaks Open Inference v2, and does wrong what `trouble` says. */
async function withEndpoint(use: (url: string, trouble: { is?: string }, asked: string[]) => Promise<void>): Promise<void> {
  const trouble: { is?: string } = {}
  const asked: string[] = []
  const answer = (body: string) => {
    const { inputs } = JSON.parse(body) as { inputs: { shape: number[]; data: number[] }[] }
    const { shape, data } = inputs[0]!
    const sums = Array.from({ length: shape[0]! }, (_, row) => data[2 * row]! + data[2 * row + 1]!)
    if (trouble.is === 'short') sums.pop()
    return { outputs: [{ name: 'sum', datatype: 'FP32', shape: [sums.length, 1], data: sums }] }
  }
  const metadata = {
    name: 'sum',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
    outputs: [{ name: 'sum', datatype: 'FP32', shape: [-1, 1] }],
  }
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let body = ''
    for await (const chunk of request) body += chunk
    asked.push(`${request.method} ${request.url}`)
    if (trouble.is === 'silent') return
    if (trouble.is === 'sick') response.statusCode = 500
    response.end(trouble.is === 'babbling' ? '<html>' : JSON.stringify(request.method === 'GET' ? metadata : answer(body)))
  }
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    await use(`http://127.0.0.1:${port}/v2/models/sum`, trouble, asked)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('an Open Inference endpoint is a model like any other; what it does wrong fails its queries, with the reason', () =>
  withServer((server, client) =>
    withEndpoint(async (url, trouble, asked) => {
      const { settings, inputSize } = await server.publish('sum', url)
      assert.equal([settings?.kind, inputSize], ['remote', 2])
      await server.registerApplication({ name: 'app', defaultOutput: -1, sloMs: 20_000 })
      await server.link('app', 'sum')
      assert.equal((await client.predict('app', [1, 2])).output, [3])
      assert.equal(asked, ['GET /v2/models/sum', 'POST /v2/models/sum/infer'])
      const why = async (is: string, x: number) => {
        trouble.is = is
        return (await client.predict('app', [x, 0])).defaultExplanation!
      }
      assert.match(await why('sick', 1), 'answered 500')
      assert.match(await why('short', 2), 'output "sum" has 0 numbers for 1 items; expected 1')
      assert.match(await why('babbling', 3), 'answered what is not JSON: <html>')
      trouble.is = undefined
      assert.equal((await client.predict('app', [4, 4])).output, [8])
      // In time, though the endpoint never answers.
      trouble.is = 'silent'
      await server.registerApplication({ name: 'hasty', defaultOutput: -1, sloMs: 50 })
      await server.link('hasty', 'sum')
      assert.match((await client.predict('hasty', [9, 9])).defaultExplanation!, 'latency SLO')
    }),
  ))

test("another server's policy is a model here, by its Open Inference address", () =>
  withServer((far, farClient) =>
    withServer(async (server, client) => {
      await publishPatiently(far, 'push', pushPolicy(), { isolation: 'inline' })
      const { inputSize } = await publishPatiently(server, 'push', `${far.url}/v2/models/push`, { isolation: 'thread' })
      assert.is(inputSize, 4)
      const inputs = Array.from({ length: 9 }, (_, i) => [0, 0, i, i % 2 === 0 ? 1 : -1])
      const outputs = async (from: typeof client) => (await from.predictBatch('push', inputs)).map(({ output }) => output)
      assert.equal(await outputs(client), await outputs(farClient))
    }),
  ))

test('an endpoint that is not there, or whose inputs have an unknown size, is refused', () =>
  withServer((server) =>
    withEndpoint(async (url, trouble) => {
      const nobody = 'http://127.0.0.1:9/v2/models/m'
      assert.match(await messageOf(server.publish('m', nobody)), `m:1: ${nobody} cannot be reached: bad port`)
      const taken = await freePort()
      const gone = `http://127.0.0.1:${taken}/v2/models/m`
      assert.match(await messageOf(server.publish('m', gone)), `m:1: ${gone} cannot be reached: connect ECONNREFUSED`)
      const file = messageOf(server.publish('m', new TextEncoder().encode('file:///etc/passwd'), { kind: 'remote' }))
      assert.match(await file, '"file:///etc/passwd" is no address of a model; expected one like http://host:port')
      trouble.is = 'sick'
      assert.match(await messageOf(server.publish('m', url)), 'answered 500')
    }),
  ))

test("an image's command line names what it needs and no secret", () => {
  const { command, args } = imageCommand('example/policy:3', { engine: 'docker' }, { memoryMB: 512, niceness: 10, env: { MODE: 'fast' } })
  assert.is(
    [command, ...args].join(' '),
    'docker run --rm --interactive --network host --cap-drop all --security-opt no-new-privileges --memory 512m --cpu-shares 110 ' +
      '--env GYMNURA_CONTAINER_ADDRESS --env GYMNURA_CONTAINER_TOKEN --env MODE example/policy:3',
  )
  assert.is(imageCommand('x', {}, {}).command, 'podman')
})

test('an image that the engine runs is a container: it gets address and token by its environment and ends with the server', () =>
  inFolder(async (folder) => {
    const main = new URL('../../serve/containers/container-main.js', import.meta.url).pathname
    const policy = join(folder, 'push.safetensors')
    writeFileSync(policy, pushPolicy())
    // In an engine's place: it runs what the image's program would be, with the variables that it is told to pass on.
    const engine = join(folder, 'engine')
    const passOn = '[ "$(echo "$*" | grep -o "GYMNURA_CONTAINER_[A-Z]*" | wc -l)" = 2 ] || exit 9'
    writeFileSync(engine, `#!/bin/sh\n${passOn}\nexec "${process.execPath}" "${main}" "${policy}"\n`)
    chmodSync(engine, 0o755)
    await withServer(
      async (server, client) => {
        await publishPatiently(server, 'push', 'example/push:1', { kind: 'image', engine })
        assert.is((await client.predict('push', [0, 0, 0, 1])).output, 1)
        const pid = server.metrics().models[0]!.replicas[0]!.pid!
        process.kill(pid, 'SIGKILL')
        await until(() => server.metrics().models[0]!.replicas[0]!.restarts === 1 && server.metrics().models[0]!.replicas[0]!.ready)
        assert.is((await client.predict('push', [0, 0, 1, 1])).output, 1)
      },
      { allow: ['image'] },
    )
    await withServer(
      async (server) => {
        assert.match(
          await messageOf(server.publish('push', 'example/push:1', { kind: 'image', engine: '/no/such/engine' })),
          /cannot be started: .*ENOENT/,
        )
      },
      { allow: ['image'] },
    )
  }))

test.run()
