import { lstatSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { evaluate, loadPolicy, type Policy, PPO } from 'gymnura/rl'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeSafetensors, encodeSafetensors } from '../../../rl/policy/safetensors.js'
import { golden } from '../../golden.js'

const folder = mkdtempSync(join(tmpdir(), 'gymnura-policy-'))
const path = join(folder, 'cartpole.safetensors')
let policy: Policy
test.before(async () => {
  await new PPO('CartPole-v1', { seed: 1, normalizeObservations: true }).learn(512).then((agent) => agent.save(path))
  policy = await loadPolicy(path)
})
test.after(() => rmSync(folder, { recursive: true, force: true }))

const refusal = async (source: string | Uint8Array) => {
  const error = await loadPolicy(source).catch((error) => error)
  return `${error.code}: ${error.message}`
}
/** The policy file with its description changed. */
function changed(change: (description: Record<string, unknown>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path))
  const description = JSON.parse(metadata.gymnura)
  change(description)
  return encodeSafetensors([...tensors.values()], { gymnura: JSON.stringify(description) })
}

const observation = fc.array(fc.float({ min: -5, max: 5, noNaN: true }), { minLength: 4, maxLength: 4 })

test('a policy read and written again is the same file', () => {
  assert.ok(Buffer.from(policy.toBytes()).equals(readFileSync(path)))
})

test('an observation gets the same answer alone and in any batch', () => {
  fc.assert(
    fc.property(fc.array(observation, { minLength: 1, maxLength: 600 }), (rows) => {
      const { actions, probabilities, values } = policy.act(Float32Array.from(rows.flat()), rows.length, {
        deterministic: true,
        extras: true,
      })
      const together = { actions: actions.slice(), probabilities: probabilities!.slice(), values: values!.slice() }
      rows.forEach((row, i) => {
        const alone = policy.act(Float32Array.from(row), 1, { deterministic: true, extras: true })
        assert.is(alone.actions[0], together.actions[i])
        assert.is(alone.values![0], together.values[i])
        assert.equal(alone.probabilities, together.probabilities.slice(2 * i, 2 * i + 2))
      })
    }),
    { numRuns: 20 },
  )
})

test('a policy file answers as safetensors and NumPy do', async () => {
  const { observations, probabilities, values } = JSON.parse(readFileSync(golden('rl/answers.json'), 'utf8'))
  const given = (await loadPolicy(golden('rl/policy.safetensors'))).act(Float32Array.from(observations), 50, {
    deterministic: true,
    extras: true,
  })
  for (const [name, expected, actual] of [
    ['probability', probabilities, given.probabilities!],
    ['value', values, given.values!],
  ] as const) {
    for (let i = 0; i < expected.length; i++) {
      assert.ok(
        Math.abs(actual[i] - expected[i]) <= 1e-5 * Math.max(1, Math.abs(expected[i])),
        `${name} ${i}: ${actual[i]} instead of ${expected[i]}`,
      )
    }
  }
})

test('drawn actions follow the probabilities, and a seed repeats them', () => {
  const rows = 4_000
  const observations = new Float32Array(4 * rows)
  const draw = () => {
    policy.seed(9)
    return policy.act(observations, rows, { extras: true }).actions.slice()
  }
  const first = draw()
  assert.equal(draw(), first)
  const share = first.reduce((sum, action) => sum + action, 0) / rows
  const expected = policy.act(observations.subarray(0, 4), 1, { extras: true }).probabilities![1]
  // Five standard errors of a mean of 4,000 draws.
  assert.ok(Math.abs(share - expected) < 5 * Math.sqrt(0.25 / rows), `${share} instead of ${expected}`)
})

test('an observation of another length or with a value that is no number is refused, naming it', () => {
  assert.throws(() => policy.predict([1, 2, 3]), /the observation has 3 values; expected 4/)
  assert.throws(() => policy.predict([1, 2, 3, 4, 5]), /the observation has 5 values; expected 4/)
  assert.throws(() => policy.predict([1, Number.NaN, 3, 4]), /value 1 of the observation is NaN/)
  assert.throws(() => policy.predict([1, 2, 'x', 4] as unknown as number[]), /value 2 of the observation is x/)
  assert.throws(() => policy.act(new Float32Array(7), 2), /7 values given for 2 observations of 4 values/)
})

test('a number of observations that is none is refused, and leaves the policy as it was', () => {
  for (const n of [Number.NaN, -1, 1.5]) assert.throws(() => policy.act(new Float32Array(4), n), /act\(\) takes the number of observations/)
  assert.ok(policy.predict([0, 0, 0, 0])[0] < 2)
  assert.throws(() => policy.predict([1e39, 0, 0, 0]), /value 0 of the observation is 1e\+39/)
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  assert.throws(() => policy.predict(cyclic as number[]), /nested deeper/)
})

test('saving follows a link and refuses what is no ordinary file', async () => {
  const [target, link] = [join(folder, 'target.safetensors'), join(folder, 'link.safetensors')]
  writeFileSync(target, '')
  symlinkSync(target, link)
  await policy.save(link)
  assert.ok(lstatSync(link).isSymbolicLink())
  assert.ok(readFileSync(target).equals(Buffer.from(policy.toBytes())))
  const error = await policy.save(folder).catch((error) => error)
  assert.is(error.code, 'FILE_WRITE')
  assert.match(error.message, /no ordinary file; choose another place/)
})

test('what is no file and no bytes is refused', async () => {
  for (const source of [undefined, null, 5, new ArrayBuffer(8)])
    assert.match(await refusal(source as unknown as string), /loadPolicy\(\) takes a file's path or its bytes/)
})

test('a file that is missing, truncated or not a policy is refused by name, with its path', async () => {
  assert.match(await refusal(join(folder, 'none.safetensors')), /^POLICY_NOT_FOUND: .*none\.safetensors: there is no such file/)
  const bytes = readFileSync(path)
  writeFileSync(join(folder, 'cut.safetensors'), bytes.subarray(0, bytes.length - 100))
  assert.match(await refusal(join(folder, 'cut.safetensors')), /^POLICY_TRUNCATED: .*cut\.safetensors: the file is truncated/)
  assert.match(await refusal(new TextEncoder().encode('{"not": "safetensors"}')), /^POLICY_NOT_SAFETENSORS/)
  const foreign = encodeSafetensors([{ name: 'w', shape: [1], data: Float32Array.of(1) }], { format: 'pt' })
  assert.match(await refusal(foreign), /^POLICY_NOT_GYMNURA: .*not a policy/)
})

test('a policy from a newer version, or one that contradicts itself, is refused with the field', async () => {
  assert.match(await refusal(changed((description) => (description.formatVersion = 2))), /^POLICY_VERSION: .*format version 2.*update/)
  assert.match(await refusal(changed((description) => delete description.network)), /^POLICY_INVALID: .*network\.actor/)
  assert.match(
    await refusal(changed((description) => (description.actionSpace = { type: 'Discrete', n: 3, start: 0, dtype: 'int64' }))),
    /^POLICY_INVALID/,
  )
  assert.match(
    await refusal(changed((description) => (description.observationSpace = { type: 'Blob' }))),
    /^POLICY_INVALID: .*observationSpace/,
  )
  const wide = { actor: { sizes: [4, 64, 32, 2], activation: 'tanh' }, critic: null }
  assert.match(await refusal(changed((description) => (description.network = wide))), /^POLICY_INVALID: .*actor/)
})

test('weights that are not finite are refused', async () => {
  const { tensors, metadata } = decodeSafetensors(readFileSync(path))
  ;(tensors.get('actor.0.weight')!.data as Float32Array)[3] = Number.NaN
  assert.match(await refusal(encodeSafetensors([...tensors.values()], metadata)), /^POLICY_INVALID: .*not finite/)
})

test('a policy for other spaces is refused where it would be played', async () => {
  const other = changed((description) => {
    const space = description.observationSpace as { low: unknown[] }
    space.low[0] = -1
  })
  const error = await evaluate(await loadPolicy(other), 'CartPole-v1', { episodes: 1 }).catch((error) => error)
  assert.is(error.code, 'POLICY_SPACES')
})

test('an evaluation is repeatable by its seed, and each episode belongs to a seed of its own', async () => {
  const ten = await evaluate(policy, 'CartPole-v1', { episodes: 10, seed: 100 })
  const again = await evaluate(policy, 'CartPole-v1', { episodes: 10, seed: 100 })
  assert.equal(again, ten)
  const last = await evaluate(policy, 'CartPole-v1', { episodes: 1, seed: 109 })
  assert.is(last.rewards[0], ten.rewards[9])
})

test.run()
