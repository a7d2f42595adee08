/** What must hold of `PythonEnv` beside a real Gymnasium: run by the tests where python3 has one, and by test/reference/envs with its own. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  EnvError,
  make,
  makeVec,
  PythonEnv,
  PythonFailed,
  type PythonSingleEnv,
  type PythonTimeout,
  SyncVectorEnv,
  type spaces,
} from 'gymnura/envs'
import * as assert from 'uvu/assert'
import type { Check } from '../traces/read.js'

/** test/envs/python beside the sources: Python finds the probes there. */
const probes = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', 'test', 'envs', 'python')

const KINDS = [
  ...['box', 'pixels', 'doubles', 'scalar', 'integers', 'discrete', 'multiDiscrete', 'multiBinary', 'text', 'tuple', 'dict'],
  ...['sequence', 'stacked', 'graph', 'nodes', 'oneOf'],
]
const LIMIT_MS = 1500

function thrown(action: () => unknown): EnvError {
  try {
    action()
  } catch (error) {
    if (error instanceof EnvError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

export function pythonChecks(python: string): Check[] {
  process.env.PYTHONPATH = probes
  const echo = (kwargs: object, options = {}) =>
    new PythonEnv('gymnura_probes:Echo-v0', { python, kwargs: kwargs as Record<string, unknown>, ...options })
  const trouble = (what: string, at = 'step', limits: object = { timeoutMs: LIMIT_MS }) =>
    new PythonEnv<number, number>('gymnura_probes:Trouble-v0', { python, kwargs: { what, at }, ...limits })
  const using = (env: PythonSingleEnv, use: () => void) => {
    try {
      use()
    } finally {
      env.close()
    }
  }

  return [
    {
      title: 'elements of every kind of space travel both ways, and our space draws what the Python space draws',
      run: () => {
        for (const kind of KINDS) {
          const env = echo({ kind })
          using(env, () => {
            const space = env.observationSpace as spaces.Space
            const [first, info] = env.reset({ seed: 17, options: { a: 1 } })
            space.seed(17)
            assert.equal(first, space.sample(), `${kind}, first observation`)
            assert.equal(info, { options: { a: 1 }, seed: 17 })
            env.actionSpace.seed(3)
            for (let i = 0; i < 20; i++) {
              const action = env.actionSpace.sample()
              assert.equal(env.step(action)[0], action, `${kind}, ${JSON.stringify(action)}`)
            }
          })
        }
      },
    },
    {
      title: 'infos keep their names, and hold arrays, large integers, infinities and nested values',
      run: () => {
        const env = echo({ kind: 'discrete' })
        using(env, () => {
          env.reset()
          const [, reward, terminated, truncated, info] = env.step(0)
          assert.equal([reward, terminated, truncated], [0.1, false, false])
          assert.equal(info, {
            steps: 1,
            array: Int32Array.from([0, 1, 2, 3, 4, 5]),
            flags: Uint8Array.from([1, 0]),
            big: 2n ** 60n + 1n,
            odd: [NaN, Infinity, 0.5, null, 'é'],
            nested: { $a: [1, 2] },
            large: Float64Array.from([2 ** 40]),
          })
        })
      },
    },
    {
      title: "a CartPole in Python and ours give the same numbers from the day's seed, with the time limit and the registry's facts",
      run: () => {
        const ours = make('CartPole-v1')
        const env = new PythonEnv<Float32Array, number>('gymnasium:CartPole-v1', { python })
        using(env as PythonSingleEnv, () => {
          assert.equal([env.spec?.id, env.spec?.maxEpisodeSteps, env.spec?.rewardThreshold], ['CartPole-v1', 500, 475])
          const seed = BigInt(Math.floor(Math.random() * 2 ** 50)) * 2n ** 40n
          assert.equal(env.reset({ seed }), ours.reset({ seed }), `seed ${seed}`)
          for (let i = 0; i < 200; i++) {
            const [theirs, own] = [env.step(i % 2), ours.step(i % 2)]
            assert.equal(theirs.slice(0, 4), own.slice(0, 4), `seed ${seed}, step ${i}`)
            if (own[2]) assert.equal(env.reset(), ours.reset())
          }
        })
      },
    },
    {
      title: 'several in one process, in a process each, and by their own vector version follow ours in each autoreset mode',
      run: () => {
        for (const autoresetMode of ['next-step', 'same-step', 'disabled'] as const) {
          for (const vectorizationMode of ['sync', 'async', 'vector_entry_point'] as const) {
            if (vectorizationMode === 'vector_entry_point' && autoresetMode !== 'next-step') continue
            const theirs = new PythonEnv('gymnasium:CartPole-v1', { python, numEnvs: 3, vectorizationMode, autoresetMode })
            const mode = vectorizationMode === 'async' ? 'sync' : vectorizationMode
            const ours = makeVec('CartPole-v1', { numEnvs: 3, vectorizationMode: mode, autoresetMode })
            try {
              const what = `${vectorizationMode} ${autoresetMode}`
              assert.equal(theirs.reset({ seed: 8 })[0], ours.reset({ seed: 8 })[0], what)
              for (let i = 0; i < 60; i++) {
                const actions = [i % 2, (i >> 1) % 2, 1]
                const [their, own] = [theirs.step(actions), ours.step(actions)]
                for (const k of [0, 2, 3] as const) assert.equal(their[k], own[k], `${what}, step ${i}, part ${k}`)
                assert.equal(Array.from(their[1]), Array.from(own[1]))
                const done = own[2].map((flag, j) => flag | own[3][j]!)
                if (autoresetMode === 'same-step') {
                  assert.equal(their[4]._finalObs, own[4]._finalObs)
                  for (let j = 0; j < 3; j++) {
                    if (done[j] === 0) continue
                    assert.equal(their[4].finalObs!.subarray(4 * j, 4 * j + 4), own[4].finalObs!.subarray(4 * j, 4 * j + 4))
                  }
                }
                if (autoresetMode === 'disabled' && done.includes(1)) {
                  assert.equal(theirs.reset({ options: { resetMask: done } })[0], ours.reset({ options: { resetMask: done } })[0])
                }
              }
              theirs.reset()
              assert.is(thrown(() => theirs.step([0, 2, 0])).code, 'ENVS_INVALID_ACTION')
            } finally {
              theirs.close()
            }
          }
        }
      },
    },
    {
      title: 'pictures and text are rendered in Python, of one and of several',
      run: () => {
        const env = echo({ kind: 'discrete' }, { renderMode: 'rgb_array' })
        using(env, () => {
          assert.equal(env.metadata, { renderModes: ['rgb_array', 'ansi'], renderFps: 12 })
          env.reset()
          env.step(0)
          assert.equal(env.render(), { height: 5, width: 4, data: Uint8Array.from({ length: 60 }, (_, i) => i + 1) })
        })
        const envs = new PythonEnv('gymnura_probes:Echo-v0', { python, numEnvs: 2, kwargs: { kind: 'discrete' }, renderMode: 'ansi' })
        try {
          envs.reset()
          envs.step([0, 1])
          assert.equal(envs.render(), ['step 1', 'step 1'])
        } finally {
          envs.close()
        }
      },
    },
    {
      title: "an error in Python is thrown here with Python's traceback, and the environment goes on",
      run: () => {
        const env = trouble('raises')
        using(env as PythonSingleEnv, () => {
          env.reset()
          const error = thrown(() => env.step(1)) as PythonFailed
          assert.is(error.code, 'ENVS_PYTHON_FAILED')
          assert.ok(error instanceof PythonFailed && error.pythonType === 'ValueError')
          assert.match(error.traceback, /gymnura_probes\.py", line \d+, in step/)
          assert.match(error.message, /step\(\) of gymnura_probes:Trouble-v0 raised ValueError: invalid literal .*'seven'/)
          assert.equal(env.step(0).slice(0, 2), [1, 0])
        })
        assert.is(thrown(() => trouble('raises', 'make')).code, 'ENVS_PYTHON_FAILED')
      },
    },
    {
      title:
        'an environment that hangs, asleep, in a loop or with the interpreter held, is ended after timeoutMs with the place where it hung',
      run: () => {
        for (const what of ['sleeps', 'spins', 'holds the lock']) {
          const env = trouble(what)
          using(env as PythonSingleEnv, () => {
            env.reset()
            const started = performance.now()
            const error = thrown(() => env.step(1)) as PythonTimeout
            assert.ok(performance.now() - started > LIMIT_MS * 0.8, what)
            assert.is(error.code, 'ENVS_PYTHON_TIMEOUT', `${what}: ${error.message}`)
            assert.match(error.traceback, /gymnura_probes\.py", line \d+ in trouble/)
            assert.is(thrown(() => env.step(0)).code, 'ENVS_CLOSED')
          })
        }
        assert.is(thrown(() => trouble('sleeps', 'make', { startTimeoutMs: 6 * LIMIT_MS })).code, 'ENVS_PYTHON_TIMEOUT')
        trouble('sleeps', 'close').close()
      },
    },
    {
      title: 'an environment that dies is told from one that hangs, with the stack where it crashed',
      run: () => {
        for (const what of ['exits', 'ends', 'crashes', 'is killed']) {
          const env = trouble(what)
          using(env as PythonSingleEnv, () => {
            env.reset()
            const error = thrown(() => env.step(1))
            assert.is(error.code, 'ENVS_PYTHON_DIED', what)
            if (what === 'crashes') assert.match(error.message, /Segmentation fault[\s\S]*in segfault/)
            if (what === 'ends') assert.match(error.message, /SystemExit: no more/)
          })
        }
      },
    },
    {
      title:
        'several in one process are made anew, if asked to, where one raises, dies or hangs: truncated episodes in each autoreset mode',
      run: () => {
        const options = { python, kwargs: {}, timeoutMs: LIMIT_MS, numEnvs: 2, onMemberFailure: 'restart' } as const
        for (const what of ['raises', 'is killed', 'sleeps']) {
          for (const autoresetMode of ['next-step', 'same-step', 'disabled'] as const) {
            const envs = new PythonEnv<Int32Array>('gymnura_probes:Trouble-v0', { ...options, autoresetMode, kwargs: { what } })
            try {
              envs.reset({ seed: 1 })
              assert.equal(Array.from(envs.step([0, 0])[0]), [1, 1])
              const [observations, rewards, terminated, truncated, infos] = envs.step([0, 1])
              const fresh = autoresetMode === 'same-step'
              assert.equal(
                [observations, rewards, terminated, truncated].map((part) => Array.from(part)),
                [fresh ? [0, 0] : [1, 1], [0, 0], [0, 0], [1, 1]],
              )
              assert.match((infos.memberFailure as string[])[0]!, /gymnura_probes:Trouble-v0/, what)
              assert.equal(Array.from(infos._memberFailure as Uint8Array), [1, 1])
              if (fresh)
                assert.equal(
                  [infos.finalObs, infos._finalObs].map((part) => Array.from(part as Uint8Array)),
                  [
                    [1, 1],
                    [1, 1],
                  ],
                )
              if (autoresetMode === 'disabled') envs.reset({ options: { resetMask: [1, 1] } })
              else if (!fresh) assert.equal(Array.from(envs.step([1, 1])[0]), [0, 0])
              const after = envs.step([0, 0])
              assert.equal([Array.from(after[0]), after[4].memberFailure], [[1, 1], undefined])
            } finally {
              envs.close()
            }
          }
        }
        assert.is(thrown(() => new PythonEnv('x:y', { ...options, onMemberFailure: 'ignore' as 'throw' })).code, 'ENVS_INVALID_KWARGS')
      },
    },
    {
      title: 'a process each in a vector environment of ours: one that dies or hangs is made anew, and the others go on',
      run: () => {
        for (const what of ['is killed', 'sleeps']) {
          const one = () => trouble(what)
          const envs = new SyncVectorEnv<Int32Array>([one, one], { onMemberFailure: 'restart' })
          try {
            envs.reset({ seed: 1 })
            const [observations, , , truncated, infos] = envs.step([0, 1])
            assert.equal(
              [Array.from(observations), Array.from(truncated)],
              [
                [1, 0],
                [0, 1],
              ],
            )
            assert.match((infos.memberFailure as string[])[1]!, what === 'sleeps' ? /took longer than timeoutMs/ : /ended in step\(\)/)
            assert.equal(Array.from(envs.step([0, 0])[0]), [2, 0])
            assert.equal(Array.from(envs.step([0, 0])[0]), [3, 1])
          } finally {
            envs.close()
          }
        }
      },
    },
    {
      title: 'a pause longer than timeoutMs between two calls does no harm',
      run: () => {
        const env = trouble('raises', 'never', { timeoutMs: 300 })
        using(env as PythonSingleEnv, () => {
          env.reset()
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 900)
          assert.is(env.step(0)[0], 1)
        })
      },
    },
    {
      title: 'what an environment prints does not disturb the exchange',
      run: () => {
        const env = trouble('prints')
        using(env as PythonSingleEnv, () => {
          env.reset()
          assert.is(env.step(1)[0], 1)
        })
      },
    },
    {
      title: 'closing ends the process and what the environment started, and leaves no file behind',
      run: () => {
        const env = trouble('has a child', 'make')
        const child = env.reset()[1].child as number
        assert.ok(isAlive(child))
        env.close()
        env.close()
        assert.ok(ends(child))
        assert.equal(
          readdirSync(tmpdir()).filter((name) => name.startsWith('gymnura-python-')),
          [],
        )
      },
    },
    {
      title: 'the end of our own process, even by SIGKILL, ends the Python process',
      run: () => {
        const script = `
          const { PythonEnv } = await import(${JSON.stringify(import.meta.resolve('gymnura/envs'))})
          const env = new PythonEnv('gymnura_probes:Trouble-v0', { python: ${JSON.stringify(python)}, kwargs: { at: 'make', what: 'has a child' } })
          console.log(env.reset()[1].child)
          process.kill(process.pid, 'SIGKILL')`
        const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 60_000 })
        const child = Number(stdout)
        assert.ok(child > 0, stderr)
        assert.ok(ends(child))
      },
    },
    {
      title: 'a module or an environment that Python does not have is named, with what to do',
      run: () => {
        const missing = thrown(() => new PythonEnv('no_such_module:Name-v0', { python }))
        assert.is(missing.code, 'ENVS_PYTHON_MISSING')
        assert.match(missing.message, /no_such_module:Name-v0 needs a package .* -m pip/)
        assert.match(thrown(() => new PythonEnv('gymnasium:CartPole-v9', { python })).message, /VersionNotFound/)
      },
    },
  ]
}

/** Whether a process runs; one that has ended and was not waited for does not. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' })
  return stdout.trim() !== '' && !stdout.startsWith('Z')
}

/** Whether a process that was sent SIGKILL is gone within seconds: the signal takes its time. */
function ends(pid: number): boolean {
  const deadline = performance.now() + 10_000
  while (isAlive(pid) && performance.now() < deadline) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  return !isAlive(pid)
}
