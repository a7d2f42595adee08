import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushPolicy } from '../serve/policies.js'
import { inFolder } from '../serve/tools.js'
import { gymnura, json, withServing } from './command.js'

const INPUT = ['--input', '[0,0,0,1]']

/** A server with two versions of the model cart, the second of which answers; commands are given its URL. */
const withCart = (
  use: (command: (...args: string[]) => ReturnType<typeof gymnura>, value: <T>(...args: string[]) => Promise<T>) => Promise<void>,
) =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'cart.safetensors'), pullPolicy())
    writeFileSync(join(folder, 'push.safetensors'), pushPolicy())
    await withServing(folder, ['--model', 'cart.safetensors', '--isolation', 'inline'], async (url) => {
      await json(folder, 'publish', 'push.safetensors', '--name', 'cart', '--url', url)
      await use(
        (...args) => gymnura(folder, ...args, '--url', url),
        <T>(...args: string[]) => json<T>(folder, ...args, '--url', url),
      )
    })
  })

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

test('what is wrong with a command is told in one line, and changes nothing', () =>
  withCart(async (command, value) => {
    const before = await value('apps')
    const wrong: [args: string[], told: RegExp, code?: number][] = [
      [['register', 'choice'], /register takes --default/, 2],
      [['register', 'choice', '--default', 'x'], /--default is x; expected JSON/, 2],
      [['register', 'choice', '--default', '0', '--slo', '-1'], /--slo is -1; expected more than 0/],
      [['register', 'choice', '--default', '0', '--selection', 'exp5'], /there is no selection policy "exp5"; did you mean/],
      [['register', 'choice', '--default', '0', '--selection', '{"policy":"exp3","rate":1}'], /selection "exp3" has no option "rate"/],
      [['register', 'choice', '--default', '0', '--confidence', '7'], /--confidence is 7; expected a number from 0 to 1/],
      [['register', 'choice', '--default', '0', '--reward-range', '[1,0]'], /--reward-range is an array of 2; expected \[low, high\]/],
      [['register', 'choice', '--default', '0', '--overload', 'cry'], /--overload is "cry"; expected/, 2],
      [['register', 'choice', '--default', '0', '--input-type', 'words'], /--input-type is "words"; expected/, 2],
      [['register', 'a/b', '--default', '0'], /the name is "a\/b"; expected 1 to 128 letters/],
      [['register', 'cart', '--default', '0'], /an application named "cart" is there already/],
      [['register', 'choice', '--default', '0', '--link', 'cart', 'car'], /no model is named "car"; did you mean "cart"\?/],
      [['link', 'choice', 'cart'], /no application is named "choice"/],
      [['link', 'cart', 'cart:9'], /cart:9|version: 9/],
      [['unlink', 'cart', 'cart:1'], /"cart:1" is not linked to "cart"/],
      [['replicas', 'cart', '0'], /replicas is 0; expected 1 to 64/],
      [['replicas', 'cart', 'many'], /takes a number/, 2],
      [['replicas', 'cart', '2', '--version', '9'], /version: 9 does not exist/],
      [['delete', 'model', 'cart'], /delete model takes MODEL:VERSION, such as cart:1/, 2],
      [['delete', 'world', 'x'], /--what is "world"|what/, 2],
      [['delete', 'app', 'choice'], /no application is named "choice"/],
      [['promote', 'cart', '9'], /version: 9 does not exist/],
      [['rollback', 'card'], /no model is named "card"; did you mean "cart"\?/],
      [['predict', 'cart', '--input', '[0,0,0'], /--input is \[0,0,0; expected an array of numbers or a string as JSON/, 2],
      [['predict', 'cart', '--input', '"text"'], /input: expected an array/],
      [['predict', 'cart', ...INPUT, '--version', '9'], /version: 9 does not exist/],
      [['feedback', 'cart', '--query', '1', '--reward', '1', '--label', '1'], /feedback takes one of --reward and --label/, 2],
      [['feedback', 'cart', '--query', '1', '--label', '{}'], /--label is \{\}; expected a number, a word or an array/, 2],
      [['feedback', 'cart', '--query', '1.5', '--reward', '1'], /queryId is 1\.5/],
      [['play', 'cart', 'CartPol-v1'], /CartPol.*CartPole/],
      [['play', 'none', 'CartPole-v1', '--episodes', '1'], /no application is named "none"/],
      [['play', 'cart', 'CartPole-v1', '--episodes', '0'], /--episodes is 0; expected a whole number, at least 1/, 2],
      [['play', 'cart', 'CartPole-v1', '--seed', '-1'], /--seed is -1; expected a whole number, at least 0/, 2],
    ]
    for (const [args, told, code = 1] of wrong) {
      const outcome = await command(...args)
      assert.is(outcome.code, code, `${args.join(' ')}: ${outcome.stdout}${outcome.stderr}`)
      assert.match(outcome.stderr, told)
      assert.is(outcome.stderr.trimEnd().split('\n').length, 1, outcome.stderr)
    }
    assert.equal(await value('apps'), before)
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
