import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { INPUT, withCart } from './with-cart.js'

test('an application is registered with its links, changed, listed and deleted', () =>
  withCart(async (command, value) => {
    const choice = ['--selection', '{"policy":"canary","canary":"cart:2","percent":0}', '--default', '"none"', '--slo', '60000']
    const registered = await command('register', 'choice', ...choice, '--confidence', '0.5', '--link', 'cart:1', 'cart:2')
    assert.is(registered.code, 0, registered.stderr)
    assert.match(registered.stdout, /^choice is registered: POST http:\S+\/choice\/predict; linked to cart:1, cart:2\n$/)
    assert.is((await value<{ output: number }>('predict', 'choice', ...INPUT)).output, 0)
    assert.match((await command('unlink', 'choice', 'cart:1')).stdout, /^cart:1 unlinked from choice, which has cart:2\n/)
    assert.is((await value<{ output: number }>('predict', 'choice', ...INPUT)).output, 1)
    assert.match(
      (await command('link', 'choice', 'cart:1', 'cart')).stdout,
      /^cart:1, cart linked to choice, which has cart:2, cart:1, cart\n/,
    )
    assert.match((await command('apps')).stdout, /choice +60000 ms +\{"policy":"canary".*\} +"none" +cart:2, cart:1, cart/)
    assert.match((await command('delete', 'model', 'cart:1')).stderr, /cart:1 answers for "choice"; unlink it there/)
    assert.is((await command('delete', 'app', 'choice')).stdout, 'choice is deleted\n')
    assert.is((await command('delete', 'model', 'cart:1')).code, 0)
    assert.equal(
      (await value<{ name: string; version: string }[]>('models')).map(({ name, version }) => `${name}:${version}`),
      ['cart:2'],
    )
  }))

test('containers are listed, and there are as many as are asked for', () =>
  withCart(async (command, value) => {
    const containers = () => value<{ model: string; replica: number; ready: boolean; pid?: number }[]>('containers')
    assert.is((await command('replicas', 'cart', '3')).stdout, 'cart:2 has 3 containers\n')
    const now = await containers()
    assert.equal(
      now.map(({ model, replica, ready }) => [model, replica, ready]),
      [
        ['cart:1', 0, true],
        ['cart:2', 0, true],
        ['cart:2', 1, true],
        ['cart:2', 2, true],
      ],
    )
    assert.is(new Set(now.map(({ pid }) => pid)).size, 4)
    assert.match((await command('containers')).stdout, /^model +replica +pid +state +restarts +batch limit\ncart:1 +0 +– +ready/)
    assert.is((await command('replicas', 'cart', '2', '--version', '1')).stdout, 'cart:1 has 2 containers\n')
    assert.is((await command('replicas', 'cart', '1')).code, 0)
    assert.is((await containers()).length, 3)
  }))

test('tokens are issued, told once, listed and revoked', () =>
  withCart(async (command, value) => {
    const admin = await value<{ id: string; token: string }>('tokens', 'issue', '--label', 'me')
    const told = await command('tokens', 'issue', '--app', 'cart', '--label', 'the robot', '--token', admin.token)
    const [, token = '', id = ''] = /^(\S+)\nthis is told once; (\S+) opens "cart"\n$/.exec(told.stdout) ?? []
    assert.match((await command('predict', 'cart', ...INPUT)).stderr, /takes calls with a token only/)
    assert.is((await value<{ output: number }>('predict', 'cart', ...INPUT, '--token', token)).output, 1)
    const listed = (await command('tokens', '--token', admin.token)).stdout
    assert.match(listed, new RegExp(`${admin.id} +everything .* me\n${id} +"cart" .* the robot\n`))
    assert.not.ok(listed.includes(token))
    assert.is((await command('tokens', 'revoke', id, '--token', admin.token)).stdout, `${id} opens nothing any more\n`)
    assert.is((await command('predict', 'cart', ...INPUT, '--token', token)).code, 1)
    assert.match((await command('tokens', 'revoke', 'none', '--token', admin.token)).stderr, /none/)
    for (const args of [['revoke'], ['list', 'x'], ['list', '--label', 'x'], ['steal']])
      assert.is((await command('tokens', ...args)).code, 2, args.join(' '))
  }))

test('play asks for each action, tells its reward where that is of use, and says so where it is not', () =>
  withCart(async (command, value) => {
    await command('register', 'choice', '--selection', 'thompson', '--default', '0', '--slo', '60000', '--link', 'cart:1', 'cart:2')
    const played = await value<{ episodes: number; queries: number; defaults: number; meanReturn: number }>(
      'play',
      'choice',
      'CartPole-v1',
      '--episodes',
      '10',
    )
    assert.equal([played.episodes, played.defaults, played.queries], [10, 0, Math.round(10 * played.meanReturn)])
    const { applications } = await value<{ applications: { name: string; arms: { weight: number }[] }[] }>(
      'top',
      '--count',
      '1',
      '-i',
      '0.1',
    )
    const [pull, push] = applications.find(({ name }) => name === 'choice')!.arms
    assert.ok(push!.weight > pull!.weight, JSON.stringify([pull, push]))
    const useless = await command('play', 'cart', 'CartPole-v1', '--episodes', '1')
    assert.match(useless.stdout, /feedback was not taken: "cart" does not learn from feedback/)
    assert.not.match((await command('play', 'cart', 'CartPole-v1', '--episodes', '1', '--no-feedback')).stdout, /feedback/)
  }))

test.run()
