import { spawnSync } from 'node:child_process'
import { PythonEnv } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeBody, encodeFrame, HEADER_BYTES } from '../../envs/python/wire.js'
import { code } from './helpers.js'
import { pythonChecks } from './python/checks.js'

const python = 'python3'

/** Whether python3 is there, and whether it has that package. */
const has = (name: string) => spawnSync(python, ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0
const hasPython = has('json')
const hasGymnasium = hasPython && has('gymnasium')

test('without Python the error names the program that is missing and the option that tells another', () => {
  assert.throws(
    () => PythonEnv('gymnasium:CartPole-v1', { python: 'no-such-python' }),
    /gymnasium:CartPole-v1 needs Python, and there is no program "no-such-python" \(ENOENT\).*\{ python \}/,
  )
})

test('a program that is no Python is refused with what it said, for several environments too', () => {
  for (const options of [{}, { numEnvs: 2 }]) {
    assert.is(
      code(() => new PythonEnv('gymnasium:CartPole-v1', { python: process.execPath, ...options })),
      'ENVS_PYTHON_MISSING',
    )
  }
  assert.throws(() => new PythonEnv('gymnasium:CartPole-v1', { python: process.execPath }), /is no Python 3 .* it said: .*Error/s)
})

test('options that PythonEnv does not have, and values that it cannot take, are refused before anything is started', () => {
  const wrong = (options: object) => code(() => new PythonEnv('gymnasium:CartPole-v1', { python: 'no-such-python', ...options }))
  for (const options of [
    { timeout: 5 },
    { timeoutMs: 0 },
    { timeoutMs: NaN },
    { startTimeoutMs: -1 },
    { python: 3 },
    { kwargs: 1 },
    { numEnvs: 0 },
    { copy: true },
  ]) {
    assert.is(wrong(options), 'ENVS_INVALID_KWARGS', JSON.stringify(options))
  }
  assert.is(wrong({ numEnvs: 2, autoresetMode: 'never' }), 'ENVS_UNSUPPORTED_MODE')
  assert.is(
    code(() => new PythonEnv('', {})),
    'ENVS_INVALID_KWARGS',
  )
})

test('a frame gives back what was put into it: arrays of every kind, numbers that JSON has not, keys with a dollar', () => {
  const value = {
    arrays: [
      Float32Array.of(1.5, -Infinity),
      Float64Array.of(-0, Infinity, 1e-300),
      Int8Array.of(-1),
      Uint8Array.of(1, 2, 3),
      Int16Array.of(-300),
      Uint16Array.of(65535),
      Int32Array.of(-(2 ** 31)),
      Uint32Array.of(2 ** 32 - 1),
      new Float32Array(0),
    ],
    odd: [NaN, Infinity, -Infinity, 2n ** 70n, null, true, 'é𝄞'],
    nested: { $a: [1], more: { $n: 'nan' } },
  }
  const frame = encodeFrame(value)
  assert.equal(decodeBody(frame.subarray(HEADER_BYTES), new DataView(frame.buffer).getUint32(0, true)), value)
  assert.throws(() => encodeFrame({ f: () => 1 }), /a function cannot be sent to Python/)
})

const lacking = hasPython && !hasGymnasium ? test : test.skip
lacking('a Python without gymnasium is told with the command that installs it', () => {
  assert.throws(
    () => new PythonEnv('gymnasium:CartPole-v1', { python }),
    /needs .*gymnasium in python3; install with: python3 -m pip install/,
  )
})

// Skipped where python3 has no gymnasium; test/reference/envs runs them with one of its own.
for (const { title, run } of pythonChecks(python)) (hasGymnasium ? test : test.skip)(title, run)

test.run()
