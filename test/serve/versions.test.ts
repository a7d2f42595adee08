import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { linearPolicy, pullPolicy, pushPolicy } from './policies.js'
import { childrenOf, codeOf, containerPid, isRunning, messageOf, post, until, withServer } from './tools.js'

const UP = [0, 0, 0, 1]
/** On a busy machine a query may take long; none is to get the default. */
const patient = { name: 'cart', defaultOutput: -1, sloMs: 30_000 }

test('another version answers once it is made current, and a rollback goes to the one before', () =>
  withServer(async (server, client) => {
    await server.publish('cart', pullPolicy(), { isolation: 'inline' })
    await server.publish('cart', pushPolicy(), { isolation: 'inline' })
    const output = async () => (await client.predict('cart', UP)).output
    assert.is(await output(), 1)
    assert.is((await server.rollback('cart')).version, '1')
    assert.is(await output(), 0)
    assert.is((await server.rollback('cart')).version, '2')
    await server.setVersion('cart', 1)
    assert.is(await output(), 0)
    assert.equal(
      (await server.listModels()).map(({ version, current }) => [version, current]),
      [
        ['1', true],
        ['2', false],
      ],
    )
  }))

test('no query is lost while versions change under load', () =>
  withServer(async (server, client) => {
    await server.registerApplication(patient)
    await server.publish('cart', pullPolicy())
    await server.publish('cart', pushPolicy())
    await server.link('cart', 'cart')
    let asked = 0
    let busy = true
    const ask = async () => {
      while (busy) assert.is((await client.predict('cart', [0, 0, asked++ / 1e4, 1])).default, false)
    }
    const asking = Array.from({ length: 8 }, ask)
    let changes = 0
    for (; asked < 300; changes++) {
      await server.rollback('cart')
      await new Promise(setImmediate)
    }
    busy = false
    await Promise.all(asking)
    assert.ok(changes > 5)
  }))

test('a version can be deleted when it answers for nobody, and its process goes', () =>
  withServer(async (server, client) => {
    await server.publish('cart', pullPolicy())
    const pid = containerPid(server)
    assert.match(await messageOf(server.deleteVersion('cart', 1)), /cart:1 answers for "cart"; unlink it there/)
    await server.publish('cart', pushPolicy(), { isolation: 'inline' })
    assert.is((await client.predict('cart', UP, { version: 1 })).output, 0)
    await server.deleteVersion('cart', 1)
    await until(() => !isRunning(pid))
    assert.match(await messageOf(client.predict('cart', UP, { version: 1 })), /Requested version: 1 does not exist/)
    assert.is(await codeOf(server.deleteVersion('cart', 1)), 'MODEL_VERSION_UNKNOWN')
    assert.is(await codeOf(server.rollback('cart')), 'MODEL_VERSION_UNKNOWN')
  }))

test('a version that is deleted first answers the row that was asked of it, though it takes several seconds', () =>
  withServer(
    async (server) => {
      const slowly = async (inputs: Float32Array[]) => {
        await new Promise((resolve) => setTimeout(resolve, 6_000))
        return inputs.map(([x]) => x! + 1)
      }
      const settings = {
        inputSize: 1,
        outputs: [{ name: 'y', type: 'doubles', shape: [] }],
        isolation: 'inline',
        application: false,
      } as const
      await server.publish('slow', slowly, settings)
      const asked = fetch(`${server.url}/v1/models/slow:predict`, { method: 'POST', body: '{"instances":[[1]]}' })
      await until(() => server.metrics().models[0]!.batchSizes[1] === 1)
      await server.deleteVersion('slow', 1)
      assert.equal(await (await asked).json(), { predictions: [2] })
    },
    { allow: ['function'] },
  ))

test('replicas go up and down without losing a query', () =>
  withServer(async (server, client) => {
    await server.registerApplication(patient)
    await server.publish('cart', pushPolicy())
    await server.link('cart', 'cart')
    let busy = true
    let asked = 0
    const ask = async () => {
      while (busy) assert.is((await client.predict('cart', [0, 0, asked++ / 1e4, 1])).output, 1)
    }
    const asking = Array.from({ length: 8 }, ask)
    assert.is((await server.setReplicas('cart', 3)).replicas, 3)
    assert.is(server.metrics().models[0]!.replicas.filter(({ ready }) => ready).length, 3)
    await server.setReplicas('cart', 1)
    assert.is(server.metrics().models[0]!.replicas.length, 1)
    busy = false
    await Promise.all(asking)
    await until(() => childrenOf(process.pid).length === 1)
    assert.match(await messageOf(server.setReplicas('cart', 0)), /replicas is 0; expected 1 to 64/)
  }))

test('links come and go; the shape of those that stay is kept', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 2000 })
    await server.publish('cart', pushPolicy(), { isolation: 'inline', application: false })
    await server.publish('wide', linearPolicy([[0, 0, 0, 0, 1]]), { isolation: 'inline', application: false })
    await server.link('balance', 'cart')
    assert.is(await codeOf(server.link('balance', 'wide')), 'MODEL_SHAPE')
    assert.is(await codeOf(server.link('balance', 'cart:7')), 'MODEL_VERSION_UNKNOWN')
    assert.match(await messageOf(server.unlink('balance', 'card')), /"card" is not linked to "balance"; did you mean "cart"\?/)
    await server.unlink('balance', 'cart')
    assert.is((await client.predict('balance', UP)).defaultExplanation, 'No connected models found for query')
    await server.link('balance', 'wide')
    assert.is((await client.predict('balance', [...UP, 1])).output, 0)
    await server.deleteApplication('balance')
    assert.match(await messageOf(client.predict('balance', UP)), /no application is named "balance"/)
  }))

test("Clipper's admin table: versions, links, containers and deletion", () =>
  withServer(async (server) => {
    await server.publish('cart', pullPolicy())
    await server.publish('cart', pushPolicy(), { isolation: 'inline' })
    const call = async (path: string, body: object = {}) => {
      const { status, text } = await post(`${server.url}/admin/${path}`, JSON.stringify(body))
      return [status, text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text]
    }
    assert.equal(await call('get_linked_models', { app_name: 'cart' }), [200, ['cart']])
    assert.equal((await call('set_model_version', { model_name: 'cart', model_version: 1 }))[1].model_version, '1')
    assert.equal((await call('rollback_model', { model_name: 'cart' }))[1].model_version, '2')
    assert.equal((await call('get_model', { model_name: 'cart' }))[1].is_current_version, true)
    assert.equal(await call('get_all_containers'), [200, ['cart:1:0', 'cart:2:0']])
    const [, container] = await call('get_container', { model_name: 'cart', model_version: 1, replica_id: 0 })
    assert.equal([container.model_id, container.ready, container.pid], ['cart:1', true, containerPid(server)])
    assert.equal((await call('get_container', { model_name: 'cart', model_version: 1, replica_id: 1 }))[0], 404)
    assert.equal((await call('set_replicas', { model_name: 'cart', model_version: '1', replicas: 2 }))[1].replicas, 2)
    assert.equal(await call('delete_versioned_model', { model_name: 'cart', model_version: 1 }), [200, 'Success!'])
    assert.equal(
      (await call('delete_versioned_model', { model_name: 'cart' }))[1].cause,
      'model_version: expected a string or a whole number, got nothing',
    )
    assert.equal((await call('get_application', { name: 'cart' }))[1].linked_models, ['cart'])
    assert.equal(await call('delete_model_links', { app_name: 'cart', model_names: ['cart'] }), [200, 'Success!'])
    assert.equal(await call('delete_app', { name: 'cart' }), [200, 'Success!'])
    assert.equal((await call('delete_app', { name: 'cart' }))[0], 404)
  }))

test.run()
