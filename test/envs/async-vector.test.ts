import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AsyncVectorEnv, type AutoresetMode, type EnvThreadPool, makeVec, serveEnvironments, type VectorEnv } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { code, temporaryFolder } from './helpers.js'

/** A module of a user's, whose environment fails in every way that is asked of it. */
function failingModule(): string {
  const index = new URL('../../envs/index.js', import.meta.url).href
  const path = join(temporaryFolder('async'), 'failing.mjs')
  writeFileSync(
    path,
    `import { Env, register, spaces } from ${JSON.stringify(index)}
export class Failing extends Env {
  observationSpace = new spaces.Dict({ at: new spaces.Discrete(100), name: new spaces.Text(8), rest: new spaces.Box(0, 1, { shape: [2] }) })
  actionSpace = new spaces.Tuple([new spaces.Discrete(6), new spaces.Box(-1, 1, { shape: [2] })])
  at = 0
  twice(x) { return 2 * x + this.at }
  observe() { return { at: this.at, name: 'n' + this.at, rest: Float32Array.of(this.at / 100, 0) } }
  reset({ seed } = {}) { this.seedRandom(seed); this.at = this.npRandom.integers(3); return [this.observe(), {}] }
  step([what, [x, y]]) {
    this.at++
    if (what === 1) throw new RangeError('the door is stuck')
    if (what === 2) process.exit(3)
    if (what === 3) for (;;);
    return [this.observe(), x + y, what === 4, false, what === 5 ? { fine: this.at } : {}]
  }
}
let failures = 0
export class Simple extends Env {
  observationSpace = new spaces.Box(0, 100, { shape: [1] })
  actionSpace = new spaces.Discrete(6)
  at = 0
  number = -1
  reset({ seed, options } = {}) {
    this.seedRandom(seed)
    if (options?.end) process.exit(3)
    if (options?.door === this.number) throw new Error('the door is stuck')
    if (options?.fail && ++failures === 1) throw new Error('the first reset fails')
    this.at = 0
    return [Float32Array.of(0), options?.door === undefined ? {} : { number: this.number }]
  }
  step(what) {
    this.at++
    if (what === 1) throw new RangeError('the door is stuck')
    if (what === 2) process.exit(3)
    if (what === 3) for (;;);
    if (what === 5) for (const kept = []; ; ) kept.push(new Array(1000).fill(kept.length))
    return [Float32Array.of(this.at), this.at, what === 4, false, {}]
  }
}
register({ id: 'Failing-v0', entryPoint: Failing })
register({ id: 'Simple-v0', entryPoint: Simple })
`,
  )
  return path
}

const path = failingModule()
await import(path)

/** A copy that shares nothing with what threads write to. */
function copied<T>(value: T): T {
  const copy = (part: unknown): unknown => {
    if (ArrayBuffer.isView(part)) return (part as Float32Array).slice()
    if (Array.isArray(part)) return part.map(copy)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, copy(inner)]))
  }
  return copy(value) as T
}

function play(envs: VectorEnv<unknown>, steps: number): unknown[] {
  const seen: unknown[] = [copied(envs.reset({ seed: 5 })[0])]
  for (let t = 0; t < steps; t++) {
    const result = envs.step(Array.from({ length: envs.numEnvs }, (_, i) => ((t * 7 + i * 3) >> 2) & 1))
    seen.push(copied(result.slice(0, 4)), copied(result[4].finalObs))
    const resetMask = result[2].map((flag, i) => flag | result[3][i]!)
    if (envs.autoresetMode === 'disabled' && resetMask.includes(1)) seen.push(copied(envs.reset({ options: { resetMask } })[0]))
  }
  return seen
}

for (const autoresetMode of ['next-step', 'same-step', 'disabled'] as const) {
  test(`async gives sync's numbers with ${autoresetMode}, whatever the number of threads`, () => {
    const options = { numEnvs: 5, autoresetMode, maxEpisodeSteps: 13 }
    const sync = play(makeVec<unknown>('CartPole-v1', { ...options, vectorizationMode: 'sync' }), 60)
    for (const numWorkers of [1, 3]) {
      const envs = makeVec<unknown>('CartPole-v1', { ...options, vectorizationMode: 'async', numWorkers })
      assert.equal(play(envs, 60), sync)
      envs.close()
    }
  })
}

test('observations that are a Dict and actions that are a Tuple go through async as through sync; a saved state goes on exactly', () => {
  const both = (['sync', 'async'] as const).map((vectorizationMode) =>
    makeVec<Record<string, unknown>>('Failing-v0', { numEnvs: 3, vectorizationMode, modules: [path], numWorkers: 2 }),
  )
  const actions = [Int32Array.of(0, 5, 4), Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]
  const seen = both.map((envs) => {
    const first = copied(envs.reset({ seed: 3 })[0])
    const results = [1, 2].map(() => copied(envs.step(actions)))
    const state = copied(envs.getState().own.observations)
    return [first, results.map(([o, r, term, trunc]) => [o, r, term, trunc]), results[0]![4].fine, results[0]![4]._fine, state]
  })
  assert.equal(seen[1], seen[0])
  const observations = (seen[0]![1] as [Record<string, unknown>][])[0]![0]
  assert.ok(observations.at instanceof Int32Array && observations.rest instanceof Float32Array)
  assert.match((observations.name as string[])[0]!, /^n\d$/)
  const [sync, async] = both
  assert.equal(async!.call('twice', 10), sync!.call('twice', 10))
  async!.setAttr('at', [20, 30, 40])
  assert.equal(async!.getAttr('at'), [20, 30, 40])
  async!.setAttr('at', 7)
  const saved = JSON.parse(JSON.stringify(async!.getState()))
  const next = copied(async!.step(actions)[0])
  async!.setState(saved)
  assert.equal(async!.step(actions)[0], next)
  for (const envs of both) envs.close()
})

const simple = (options: Record<string, unknown> = {}, autoresetMode: AutoresetMode = 'next-step') =>
  makeVec('Simple-v0', { numEnvs: 2, numWorkers: 2, vectorizationMode: 'async', modules: [path], autoresetMode, ...options })

test('the error of a member is thrown with its cause, and the others are asked again after it', () => {
  const envs = simple()
  envs.reset({ seed: 1 })
  assert.throws(
    () => envs.step([0, 1]),
    (error: Error) => /environment 1: RangeError: the door is stuck/.test(error.message) && (error.cause as Error).name === 'RangeError',
  )
  assert.equal(Array.from(envs.step([0, 0])[0]), [2, 2])
  envs.close()
})

test('a member that throws, ends its thread or hangs is survived if asked to, as a truncated episode', () => {
  for (const [what, message] of [
    [1, /door is stuck/],
    [2, /thread has ended/],
    [3, /no answer within 300 ms/],
  ] as const) {
    const envs = simple({ onMemberFailure: 'restart', timeoutMs: 300 })
    envs.reset({ seed: 1 })
    envs.step([0, 0])
    const [observations, rewards, terminated, truncated, infos] = envs.step([0, what])
    assert.equal(Array.from(observations), [2, 1])
    assert.equal(
      [Array.from(rewards), Array.from(terminated), Array.from(truncated)],
      [
        [2, 0],
        [0, 0],
        [0, 1],
      ],
    )
    assert.match((infos.memberFailure as string[])[1]!, message)
    assert.equal(Array.from(envs.step([0, 0])[0]), [3, 0])
    assert.equal(Array.from(envs.step([0, 0])[0]), [4, 1])
    envs.close()
    const same = simple({ onMemberFailure: 'restart', timeoutMs: 300 }, 'same-step')
    same.reset({ seed: 1 })
    same.step([0, 0])
    const result = same.step([0, what])
    assert.equal([Array.from(result[0]), Array.from(result[4]._finalObs!), result[4].finalObs![1]], [[2, 0], [0, 1], 1])
    same.close()
  }
})

test('a thread that ends or hangs without that is an error, and the environments are closed', () => {
  for (const [what, expected] of [
    [2, 'ENVS_MEMBER_FAILED'],
    [3, 'ENVS_TIMEOUT'],
  ] as const) {
    const envs = simple({ timeoutMs: 300 })
    envs.reset({ seed: 1 })
    assert.is(
      code(() => envs.step([0, what])),
      expected,
    )
    assert.is(
      code(() => envs.step([0, 0])),
      'ENVS_CLOSED',
    )
    envs.close()
  }
})

test('a thread that runs out of memory is noticed without a time limit, with what it ran out of, and survived if asked to', () => {
  const script = `
    import { makeVec } from ${JSON.stringify(import.meta.resolve('gymnura/envs'))}
    await import(${JSON.stringify(path)})
    for (const onMemberFailure of ['throw', 'restart']) {
      const options = { numEnvs: 2, numWorkers: 2, vectorizationMode: 'async', modules: [${JSON.stringify(path)}], onMemberFailure }
      const envs = makeVec('Simple-v0', options)
      envs.reset({ seed: 1 })
      try {
        const [observations, , , truncated, infos] = envs.step([0, 5])
        console.log(observations[0], truncated.join(), infos.memberFailure[1], Array.from(envs.step([0, 0])[0]).join())
      } catch (error) {
        console.log(error.code, error.message)
      }
      envs.close()
    }`
  const child = spawnSync(process.execPath, ['--max-old-space-size=64', '--input-type=module', '-e', script], { encoding: 'utf8' })
  const lines = child.stdout.trim().split('\n')
  assert.match(lines[0]!, /^ENVS_MEMBER_FAILED environment 1: the thread has ended: .*memory/, child.stderr)
  assert.match(lines[1]!, /^1 0,1 environment 1: the thread has ended: .*memory.* 2,0$/, child.stderr)
})

test('an option that no thread can be given is named', () => {
  assert.is(
    code(() => simple({ draw: () => 1 })),
    'ENVS_NOT_CLONEABLE',
  )
})

test('sync survives a member that throws in the same way', () => {
  const envs = makeVec('Simple-v0', { numEnvs: 2, vectorizationMode: 'sync', onMemberFailure: 'restart' })
  envs.reset({ seed: 1 })
  envs.step([0, 0])
  const [observations, , , truncated, infos] = envs.step([0, 1])
  assert.equal(
    [Array.from(observations), Array.from(truncated), (infos.memberFailure as string[])[1]],
    [[2, 1], [0, 1], 'the door is stuck'],
  )
  assert.equal(Array.from(envs.step([0, 0])[0]), [3, 0])
})

test('a reset that fails is tried once more in a new environment if asked to, and what was lost is there again at the next', () => {
  const sync = makeVec('Simple-v0', { numEnvs: 2, vectorizationMode: 'sync', onMemberFailure: 'restart' })
  const [observations, infos] = sync.reset({ seed: 1, options: { fail: true } })
  assert.equal(
    [Array.from(observations), infos.memberFailure],
    [
      [0, 0],
      ['the first reset fails', null],
    ],
  )
  const envs = simple({ onMemberFailure: 'restart' })
  assert.is(
    code(() => envs.reset({ options: { end: true } })),
    'ENVS_MEMBER_FAILED',
  )
  envs.reset({ seed: 1 })
  assert.equal(Array.from(envs.step([0, 0])[0]), [1, 1])
  envs.close()
})

test('what one thread refuses leaves no answer of another behind, for the next call to mistake', () => {
  const envs = simple()
  envs.setAttr('number', [0, 1])
  assert.throws(() => envs.reset({ options: { door: 0 } }), /environment 0: Error: the door is stuck/)
  assert.equal(envs.getAttr('number'), [0, 1])
  assert.throws(() => envs.call('nothing'), /environment 0.*nothing/)
  assert.equal(envs.getAttr('number'), [0, 1])
  envs.close()
})

test('a step can be begun and ended apart, and nothing else is asked between', async () => {
  const envs = simple() as AsyncVectorEnv
  assert.is(
    code(() => envs.stepWait()),
    'ENVS_NO_PENDING_CALL',
  )
  assert.is(
    code(() => envs.stepAsync([0, 0])),
    'ENVS_RESET_NEEDED',
  )
  envs.reset({ seed: 1 })
  envs.stepAsync([0, 0])
  assert.is(
    code(() => envs.step([0, 0])),
    'ENVS_PENDING_CALL',
  )
  assert.is(
    code(() => envs.reset()),
    'ENVS_PENDING_CALL',
  )
  while (!envs.stepDone) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(Array.from(envs.stepWait()[0]), [1, 1])
  assert.is(
    code(() => envs.step([0, 9])),
    'ENVS_INVALID_ACTION',
  )
  assert.equal(Array.from(envs.step([0, 0])[0]), [2, 2])
  envs.close()
  envs.close()
  assert.is(
    code(() => envs.step([0, 0])),
    'ENVS_CLOSED',
  )
})

test('what cannot be made on a thread says so', () => {
  const away = makeVec('CartPole-v1', { numEnvs: 1, vectorizationMode: 'async', modules: ['./not-there.mjs'] })
  assert.throws(() => away.reset(), /not-there\.mjs cannot be imported/)
  away.close()
  assert.is(
    code(() => simple({ numWorkers: 0 })),
    'ENVS_INVALID_KWARGS',
  )
  assert.is(
    code(() => simple({ wrappers: [(env: unknown) => env] })),
    'ENVS_UNSUPPORTED_MODE',
  )
  const stacked = { name: 'FrameStackObservation', entryPoint: 'gymnura/envs:FrameStackObservation', kwargs: { stackSize: 3 } }
  const envs = simple({ wrappers: [stacked] })
  assert.equal(envs.reset({ seed: 1 })[0].length, 6)
  envs.close()
})

test('with copy each call gives arrays that no thread writes to again', () => {
  const envs = simple({ copy: true })
  envs.reset({ seed: 1 })
  const [kept] = envs.step([0, 0])
  envs.step([0, 0])
  assert.equal(Array.from(kept), [1, 1])
  envs.close()
})

test('threads may come from a pool of someone else', async () => {
  const { Worker } = await import('node:worker_threads')
  let running = 0
  const entry = new URL('../../envs/vector/env-worker.js', import.meta.url)
  const pool: EnvThreadPool = {
    run: (setup) => {
      running++
      const worker = new Worker(entry, { workerData: setup })
      return { stop: () => void worker.terminate() }
    },
  }
  const envs = simple({ pool }) as AsyncVectorEnv
  await envs.ready()
  envs.reset({ seed: 1 })
  assert.equal([Array.from(envs.step([0, 0])[0]), running, typeof serveEnvironments], [[1, 1], 2, 'function'])
  envs.close()
})

test.run()
