import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushPolicy } from './policies.js'
import { inFolder, withServer } from './tools.js'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']

test('links that are made at once are all there, also after a restart', () =>
  inFolder(async (folder) => {
    const state = `file:${folder}` as const
    await withServer(
      async (server) => {
        await server.registerApplication({ name: 'many', defaultOutput: 0, selection: 'exp3' })
        for (const name of NAMES) await server.publish(name, pushPolicy(), { isolation: 'inline', application: false })
        await Promise.all(NAMES.map((name) => server.link('many', name)))
        assert.equal([...(await server.listApplications())[0].models].sort(), NAMES)
        await Promise.all([server.unlink('many', 'a'), server.link('many', 'a:1'), server.unlink('many', 'b')])
      },
      { state },
    )
    await withServer(async (server) => assert.equal([...(await server.listApplications())[0].models].sort(), ['a:1', 'c', 'd', 'e', 'f']), {
      state,
    })
  }))

test('an application that is deleted while it is linked to is gone for good', () =>
  inFolder(async (folder) => {
    const state = `file:${folder}` as const
    await withServer(
      async (server) => {
        await server.publish('m', pushPolicy(), { isolation: 'inline', application: false })
        await server.registerApplication({ name: 'brief', defaultOutput: 0 })
        await Promise.allSettled([server.deleteApplication('brief'), server.link('brief', 'm')])
        assert.equal(await server.listApplications(), [])
      },
      { state },
    )
    await withServer(async (server) => assert.equal(await server.listApplications(), []), { state })
  }))

test('of two applications of one name that are registered at once, one is refused', () =>
  withServer(async (server) => {
    const both = await Promise.allSettled([1, 2].map((defaultOutput) => server.registerApplication({ name: 'twin', defaultOutput })))
    assert.equal(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    assert.is((await server.listApplications())[0].defaultOutput, 1)
  }))

test('versions that are made current at once follow one another: one is current, and a rollback goes to the one before', () =>
  withServer(async (server) => {
    for (const version of [1, 2, 3]) await server.publish('m', pullPolicy(), { version, isolation: 'inline', application: false })
    await Promise.all([server.setVersion('m', 1), server.setVersion('m', 2), server.setVersion('m', 3), server.setVersion('m', 1)])
    const current = (await server.listModels()).filter((model) => model.current).map(({ version }) => version)
    assert.equal(current, ['1'])
    assert.is((await server.rollback('m')).version, '3')
  }))

test('two versions of a new model that are published at once are both served, by one application', () =>
  withServer(async (server, client) => {
    const both = await Promise.all([1, 2].map(() => server.publish('m', pushPolicy(), { isolation: 'inline' })))
    assert.equal(both.map(({ version }) => version).sort(), ['1', '2'])
    assert.equal(
      (await server.listApplications()).map(({ name, models }) => [name, models]),
      [['m', ['m']]],
    )
    assert.is((await client.predict('m', [0, 0, 0, 1])).output, 1)
  }))

test('replicas that are asked for several times at once come to the last number asked for', () =>
  withServer(async (server) => {
    await server.publish('m', pushPolicy(), { isolation: 'inline', application: false })
    await Promise.all([server.setReplicas('m', 4), server.setReplicas('m', 2), server.setReplicas('m', 3)])
    assert.is(server.metrics().models[0]?.replicas.length, 3)
    assert.is((await server.listModels())[0].replicas, 3)
  }))

test('a version that is deleted while replicas are added to it is gone, and nothing of it runs', () =>
  withServer(async (server) => {
    await server.publish('m', pushPolicy(), { version: 1, application: false })
    const added = server.setReplicas('m', 3).then(
      () => 'made',
      (error: { code: string }) => error.code,
    )
    await server.deleteVersion('m', 1)
    assert.ok(['made', 'MODEL_UNKNOWN'].includes(await added))
    assert.equal(await server.listModels(), [])
    assert.equal(server.metrics().models, [])
  }))

test.run()
