import { type ApplicationOptions, type Client, type Server, serve } from 'gymnura/serve'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { pullPolicy, pushAction, pushPolicy } from './policies.js'
import { codeOf, messageOf, post, withServer } from './tools.js'

/** Inputs that no cache has seen. */
let inputs = 0
const fresh = () => [0, 0, inputs++ / 1000, inputs % 2 === 0 ? 1 : -1]

/** An application "balance" over version 1, which pulls (always wrong), and version 2, which pushes (always right). */
async function twoVersions(server: Server, selection: ApplicationOptions['selection'], more: Partial<ApplicationOptions> = {}) {
  await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 2000, selection, ...more })
  await server.publish('cart', pullPolicy(), { isolation: 'inline', application: false })
  await server.publish('cart', pushPolicy(), { isolation: 'inline', application: false })
  await server.link('balance', 'cart:1')
  await server.link('balance', 'cart:2')
}

/** Asks `queries` times, rewarding what is right; returns the share of right answers among the last half. */
async function learn(
  client: Client,
  queries: number,
  user?: string,
  right: (input: readonly number[]) => number = pushAction,
): Promise<number> {
  let good = 0
  for (let i = 0; i < queries; i++) {
    const input = fresh()
    const { output, queryId } = await client.predict('balance', input, { user })
    const reward = output === right(input) ? 1 : 0
    if (i >= queries / 2) good += reward
    assert.equal(await client.feedback('balance', { queryId, reward }), { accepted: true })
  }
  return good / (queries / 2)
}

for (const selection of ['exp3', 'exp4', 'epsilon-greedy', 'ucb1', 'thompson'] as const) {
  test(`under feedback ${selection} comes to prefer the better of two versions`, () =>
    withServer(async (server, client) => {
      await twoVersions(server, selection)
      const good = await learn(client, 400)
      assert.ok(good > 0.75, `${good} of the later answers are right`)
    }))
}

test('models may have names that objects have: a bandit learns of them as of others, and an A/B test gives them their share', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'balance', defaultOutput: -1, sloMs: 2000, selection: 'exp3' })
    await server.registerApplication({
      name: 'half',
      defaultOutput: -1,
      sloMs: 2000,
      selection: { policy: 'ab', percentages: JSON.parse('{ "__proto__": 100, "other": 0 }') },
    })
    for (const [name, policy] of [
      ['__proto__', pullPolicy()],
      ['constructor', pushPolicy()],
    ] as const) {
      await server.publish(name, policy, { isolation: 'inline', application: false })
      await server.link('balance', name)
    }
    assert.ok((await learn(client, 400)) > 0.75)
    await server.link('half', 'constructor')
    await server.link('half', '__proto__')
    for (let i = 0; i < 20; i++) assert.is((await client.predict('half', [0, 0, i, 1])).output, 0)
  }))

test('a bandit learns for each user apart', () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp3')
    assert.ok((await learn(client, 300, 'pusher')) > 0.75)
    assert.ok((await learn(client, 300, 'puller', (input) => 1 - pushAction(input))) > 0.75)
    assert.ok((await learn(client, 100, 'pusher')) > 0.75, 'the first is as before')
  }))

test('a model that is linked later begins beside the best, and does not take its queries', () =>
  withServer(async (server, client) => {
    await server.registerApplication({ name: 'late', defaultOutput: -1, sloMs: 2000, selection: 'exp4' })
    for (const [name, policy] of [
      ['good', pushPolicy()],
      ['bad', pullPolicy()],
      ['new', pullPolicy()],
    ] as const)
      await server.publish(name, policy, { isolation: 'inline', application: false })
    await server.link('late', 'good')
    await server.link('late', 'bad')
    const teach = async (label: number) => {
      const { queryId } = await client.predict('late', fresh())
      await client.feedback('late', { queryId, label })
    }
    const weights = () => server.metrics().applications.late!.arms.map(({ weight }) => weight!)
    // Each is wrong half of the time, and then the second always.
    for (let i = 0; i < 200; i++) await teach(i % 2)
    for (let i = 0; i < 40; i++) {
      const { queryId } = await client.predict('late', [0, 0, i, 1])
      await client.feedback('late', { queryId, label: 1 })
    }
    assert.ok(weights()[0]! > 0.9)
    await server.link('late', 'new')
    const [good, bad, late] = weights()
    assert.ok(Math.abs(good! - late!) < 1e-9 && bad! < 0.1, weights().join())
  }))

for (const name of ['constructor', '__proto__', 'hasOwnProperty'])
  test(`a model may be called "${name}", and is learned of as any other`, () =>
    withServer(async (server, client) => {
      await server.registerApplication({ name: 'odd', defaultOutput: -1, sloMs: 2000, selection: 'exp4' })
      await server.publish(name, pullPolicy(), { isolation: 'inline', application: false })
      await server.publish('push', pushPolicy(), { isolation: 'inline', application: false })
      await server.link('odd', name)
      await server.link('odd', 'push')
      for (let i = 0; i < 20; i++) {
        const { queryId } = await client.predict('odd', [0, 0, i, 1])
        await client.feedback('odd', { queryId, label: 1 })
      }
      const [odd, push] = server.metrics().applications.odd!.arms
      assert.ok(odd!.weight! > 0 && odd!.weight! < 0.2 && push!.weight! > 0.8, `${odd!.weight} ${push!.weight}`)
    }))

test('feedback counts once a query, and says so the second time', () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp3')
    const { queryId } = await client.predict('balance', fresh())
    assert.equal(await client.feedback('balance', { queryId, reward: 1 }), { accepted: true })
    const again = await client.feedback('balance', { queryId, reward: 1 })
    assert.is(again.accepted, false)
    assert.match(again.reason!, /was given before/)
  }))

test('each query of a batch has a choice and feedback of its own', () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp3')
    const batch = Array.from({ length: 64 }, () => [0, 0, inputs++ / 1000, 1])
    const answers = await client.predictBatch('balance', batch)
    assert.equal([...new Set(answers.map(({ output }) => output))].sort(), [0, 1])
    for (const { queryId } of answers) assert.equal(await client.feedback('balance', { queryId, reward: 0.5 }), { accepted: true })
  }))

test('feedback on what is not known is told apart from an error', () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp3')
    assert.match(
      (await client.feedback('balance', { queryId: 123_456, reward: 1 })).reason!,
      /is not known here: .* from before this server was started/,
    )
    await server.publish('other', pushPolicy(), { isolation: 'inline' })
    const { queryId } = await client.predict('other', fresh())
    assert.match((await client.feedback('other', { queryId, reward: 1 })).reason!, /does not learn from feedback/)
    assert.match((await client.feedback('balance', { queryId, reward: 1 })).reason!, /another application/)
  }))

test('a reward outside the range, or feedback without one, is refused with what was expected', () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'ucb1', { rewardRange: [-10, 10] })
    const { queryId } = await client.predict('balance', fresh())
    assert.match(await messageOf(client.feedback('balance', { queryId, reward: 11 })), /from -10 to 10/)
    assert.is(await codeOf(client.feedback('balance', { queryId: Number.NaN, reward: 1 })), 'SERVE_OPTION')
    for (const [body, cause] of [
      [{ query_id: queryId }, 'reward, label: expected one of the two'],
      [{ query_id: queryId, reward: 1, label: 1 }, 'reward, label: expected one of the two'],
      [{ query_id: 'x', reward: 1 }, 'query_id: expected a whole number'],
      [{ query_id: queryId, reward: '1' }, 'reward: expected a number'],
      [{ query_id: queryId, label: { left: 1 } }, 'label: expected a number, a string of at most 4096 characters or an array of numbers'],
    ] as const) {
      const { status, text } = await post(`${server.url}/balance/update`, JSON.stringify(body))
      assert.is(status, 400)
      assert.ok(JSON.parse(text).cause.startsWith(cause), text)
    }
    assert.equal(await client.feedback('balance', { queryId, reward: -10 }), { accepted: true })
  }))

test("Clipper's update teaches by input and label, in Clipper's words", () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp4')
    for (let i = 0; i < 40; i++) {
      const input = fresh()
      const answer = await post(`${server.url}/balance/update`, JSON.stringify({ uid: 0, input, label: pushAction(input) }))
      assert.equal(answer, { status: 200, text: 'Feedback received? 1' })
    }
    const input = fresh()
    // Clipper's user 0 is a user like any other.
    const { output, confidence, confident } = await client.predict('balance', input, { user: '0' })
    assert.is(output, pushAction(input))
    assert.ok(confidence > 0.9 && confident)
  }))

test("Clipper's update waits for nothing where the cache knows the models' answers: it sets no timer", () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp4')
    const input = fresh()
    await client.predict('balance', input)
    const { setTimeout: set } = globalThis
    let limits = 0
    globalThis.setTimeout = Object.assign((...args: Parameters<typeof set>) => {
      if (args[1] === 1_000) limits++
      return set(...args)
    }, set)
    try {
      for (const known of [input, fresh()]) {
        const answer = await post(`${server.url}/balance/update`, JSON.stringify({ uid: 0, input: known, label: 1 }))
        assert.equal(answer, { status: 200, text: 'Feedback received? 1' })
        // Inline models answer in the next turn of the event loop, not at once: then the limit is needed, one for each of the two.
        assert.is(limits, known === input ? 0 : 2)
      }
    } finally {
      globalThis.setTimeout = set
    }
  }))

test('a label that cannot be compared with what was answered is refused, and the right one may follow', () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp3')
    const { queryId, output } = await client.predict('balance', [0, 0, 0, 1])
    for (const label of ['right', [1]] as const) {
      const { accepted, reason } = await client.feedback('balance', { queryId, label: label as string })
      assert.is(accepted, false)
      assert.match(reason!, `cannot be compared with what the model said, ${output}`)
    }
    const update = await post(`${server.url}/balance/update`, JSON.stringify({ input: [0, 0, 0, 1], label: 'right' }))
    assert.is(update.text, 'Feedback received? 0')
    assert.equal(await client.feedback('balance', { queryId, label: 1 }), { accepted: true })
  }))

test('a class may be named by a word: models that say another word lose by it', () =>
  withServer(
    async (server, client) => {
      const described = { inputSize: 1, isolation: 'inline', outputs: [{ name: 'word', type: 'strings', shape: [] }] } as const
      const sign = (inputs: Float32Array[]) => inputs.map(([x]) => (x! > 0 ? 'up' : 'down'))
      const contrary = (inputs: Float32Array[]) => inputs.map(([x]) => (x! > 0 ? 'down' : 'up'))
      await server.registerApplication({ name: 'words', defaultOutput: '', sloMs: 2000, selection: 'exp3' })
      await server.publish('contrary', contrary, { ...described, application: false })
      await server.publish('sign', sign, { ...described, application: false })
      await server.link('words', 'contrary')
      await server.link('words', 'sign')
      let right = 0
      for (let i = 0; i < 300; i++) {
        const label = i % 2 === 0 ? 'up' : 'down'
        const { output, queryId } = await client.predict('words', [(i + 1) * (i % 2 === 0 ? 1 : -1)])
        assert.equal(await client.feedback('words', { queryId, label }), { accepted: true })
        if (i >= 150 && output === label) right++
      }
      assert.ok(right > 120, `${right} of the later 150 were right`)
      const update = await post(`${server.url}/words/update`, JSON.stringify({ uid: 0, input: [3], label: 'up' }))
      assert.equal(update, { status: 200, text: 'Feedback received? 1' })
    },
    { allow: ['function'] },
  ))

test('members that disagree below the threshold give the default, and the application is told UNSURE', () =>
  withServer(async (server, client) => {
    await twoVersions(server, 'exp4', { confidenceThreshold: 0.6 })
    const answer = await client.predict('balance', [0, 0, 0, 1])
    assert.equal([answer.output, answer.default, answer.confident, answer.confidence], [-1, true, false, 0.5])
    assert.match(answer.defaultExplanation!, /confidence is below the application's threshold/)
    assert.is(server.metrics().applications.balance?.defaults.unsure, 1)
  }))

test('an arm whose container is down is passed over', () =>
  withServer(async (server, client) => {
    await server.registerApplication({
      name: 'balance',
      defaultOutput: -1,
      sloMs: 2000,
      selection: { policy: 'ab', percentages: { 'cart:1': 0, 'cart:2': 100 } },
    })
    await server.publish('cart', pullPolicy(), { isolation: 'inline', application: false })
    await server.publish('cart', pushPolicy(), { application: false })
    await server.link('balance', 'cart:1')
    await server.link('balance', 'cart:2')
    assert.is((await client.predict('balance', [0, 0, 0, 1])).output, 1)
    process.kill(server.metrics().models[1]!.replicas[0]!.pid!, 'SIGKILL')
    // Those that were on their way when it died wait for its next life; the others are answered by the first version meanwhile.
    const answers: Promise<boolean>[] = []
    while (server.metrics().models[1]!.replicas[0]!.restarts === 0 || !server.metrics().models[1]!.replicas[0]!.ready) {
      const input = fresh()
      answers.push(client.predict('balance', input).then(({ output }) => output !== -1 && output !== pushAction(input)))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    assert.ok((await Promise.all(answers)).some((pulled) => pulled))
  }))

test('a selection that is none is refused with what there is', async () => {
  const server = await serve({ port: 0, logLevel: 'silent' })
  const register = (selection: unknown) =>
    messageOf(server.registerApplication({ name: 'a', defaultOutput: 0, selection: selection as 'fixed' }))
  assert.match(await register('exp5'), /there is no selection policy "exp5"; did you mean "exp[34]"\?/)
  assert.match(await register({ policy: 'exp3', gamma: 1 }), /selection "exp3" has no option "gamma"/)
  assert.match(await register({ policy: 'epsilon-greedy', epsilon: 2 }), /selection.epsilon is 2; expected a number from 0 to 1/)
  assert.match(await register({ policy: 'ab', percentages: { a: 50 } }), /the sum of selection.percentages is 50; expected 100/)
  assert.match(await register(7), /selection is 7; expected fixed/)
  await server.close()
})

test.run()
