import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { linearPolicy, pushPolicy } from '../policies.js'
import { messageOf } from '../tools.js'
import { feedbackIn, type ServerProcess, withFolder, withProcess } from './server-process.js'

const UP = [0, 0, 0, 1]

/** A hundred times feedback, each on a query of its own: the ids of what was accepted, and of what was refused. */
async function giveFeedback({ client }: ServerProcess, from: number, user: string): Promise<[told: number[], refused: number[]]> {
  const told: number[] = []
  const refused: number[] = []
  for (let i = from; i < from + 100; i++) {
    const { queryId } = await client.predict('push', [0, 0, i, 1], { user })
    const outcome = await client.feedback('push', { queryId, reward: 1 }).catch((error: { status?: number }) => error.status)
    if (outcome === 507) refused.push(queryId)
    else {
      assert.equal(outcome, { accepted: true })
      told.push(queryId)
    }
  }
  return [told, refused]
}

test('on a full disk queries are answered, what cannot be kept is refused with 507, and nothing that was accepted is lost', () =>
  withFolder(async (folder) => {
    const told: number[] = []
    const refused: number[] = []
    // 512 KiB or 1 MiB: the feedback log, whose lines are cut in the middle, has no more room after some thousand lines.
    await withProcess(folder, { fileBlocks: 1_024 }, async (server) => {
      await server.client.publish('push', pushPolicy(), { isolation: 'inline' })
      for (let i = 0; refused.length === 0; i += 100) {
        const [some, others] = await giveFeedback(server, i, 'u'.repeat(200))
        told.push(...some)
        refused.push(...others)
      }
      assert.is((await server.client.predict('push', UP)).output, 1, 'it goes on answering')
      const again = await messageOf(server.client.feedback('push', { queryId: refused[0], reward: 1 }))
      assert.match(again, /it could not be kept, so it is not done: .*; is the disk full\? \(HTTP 507\)/)
    })
    assert.equal(
      (await feedbackIn(folder)).map(({ queryId }) => queryId),
      told,
    )
    await withProcess(folder, {}, async (server) => {
      const [some, others] = await giveFeedback(server, 0, '')
      assert.is(others.length, 0, 'with room again, feedback is taken')
      told.push(...some)
    })
    assert.equal(
      (await feedbackIn(folder)).map(({ queryId }) => queryId),
      told,
    )
  }))

test('a model that the disk has no room for is refused, and what was written of it is removed', () =>
  withFolder(async (folder) => {
    await withProcess(folder, { fileBlocks: 1_024 }, async ({ client }) => {
      await client.publish('small', pushPolicy(), { isolation: 'inline' })
      const large = linearPolicyOf(600_000)
      assert.match(await messageOf(client.publish('large', large, { isolation: 'inline' })), /it could not be kept, .*\(HTTP 507\)/)
      assert.equal(readdirSync(join(folder, 'models')), ['small@1'])
      assert.equal(
        (await client.admin.models()).map(({ name }) => name),
        ['small'],
      )
      assert.is((await client.predict('small', UP)).output, 1)
    })
    await withProcess(folder, {}, async ({ client }) => {
      await client.publish('large', linearPolicyOf(600_000), { isolation: 'inline' })
      assert.ok(existsSync(join(folder, 'models', 'large@1')))
    })
  }))

test('changes that cannot be kept are refused one by one; the server lives, and takes them when there is room', () =>
  withFolder(async (folder) => {
    const made: string[] = []
    await withProcess(folder, { fileBlocks: 1_024 }, async ({ client }) => {
      let refused = 0
      for (let i = 0; refused < 5; i++) {
        const name = `app-${i}`
        const defaultOutput = 'x'.repeat(3_000)
        const why = await client.admin.registerApplication({ name, defaultOutput }).then(
          () => undefined,
          (error: { status?: number }) => error.status,
        )
        if (why === undefined) made.push(name)
        else {
          assert.is(why, 507)
          refused++
          assert.match(await messageOf(client.predict(name, UP)), 'no application is named', 'it is not half there')
        }
      }
    })
    assert.ok(made.length > 0)
    await withProcess(folder, {}, async ({ client }) => {
      for (const name of made) assert.is((await client.predict(name, UP)).default, true)
      await client.admin.registerApplication({ name: 'one-more', defaultOutput: 0 })
    })
  }))

test('a disk that stays full under hundreds of changes does not end the server', () =>
  withFolder((folder) =>
    withProcess(folder, { fileBlocks: 2_048 }, async ({ client, child }) => {
      await client.publish('push', pushPolicy(), { isolation: 'inline' })
      const defaultOutput = 'x'.repeat(60_000)
      let refused = 0
      for (let i = 0; refused < 300; i++) {
        const made = client.admin.registerApplication({ name: `app-${i}`, defaultOutput })
        await made.catch(({ status }: { status?: number }) => {
          assert.is(status, 507)
          refused++
        })
      }
      assert.is((await client.predict('push', UP)).output, 1)
      assert.is(child.exitCode, null)
    }),
  ))

test('query ids that cannot be leased are drawn at random: queries are answered, each with an id of its own', () =>
  withFolder(async (folder) => {
    await withProcess(folder, {}, async ({ client }) => {
      await client.publish('push', pushPolicy(), { isolation: 'inline' })
    })
    // No write succeeds from now on, not even the first lease.
    await withProcess(folder, { fileBlocks: 1 }, async ({ client }) => {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => client.predict('push', [0, 0, i, 1])))
      assert.ok(answers.every(({ output }) => output === 1))
      const ids = new Set(answers.map(({ queryId }) => queryId))
      assert.is(ids.size, 50)
      for (const id of ids) assert.ok(Number.isSafeInteger(id) && id >= 2 ** 52)
    })
  }))

/** A policy of so many weights: its layers are only so wide. */
function linearPolicyOf(weights: number): Uint8Array {
  const actions = 20
  return linearPolicy(Array.from({ length: actions }, () => new Array<number>(weights / actions).fill(1)))
}

test.run()
