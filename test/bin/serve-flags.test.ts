import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { certificate } from '../serve/certificate.js'
import { pushPolicy } from '../serve/policies.js'
import { inFolder, post } from '../serve/tools.js'
import { gymnura, json, Running, withServing } from './command.js'

const ADMIN = 'admin-token-0123456789'
const ANY = 'any-token-0123456789ab'
const INPUT = ['--input', '[0,0,0,1]']

/** A folder with a policy in it. */
const withPolicy = (use: (folder: string) => Promise<void>) =>
  inFolder(async (folder) => {
    writeFileSync(join(folder, 'push.safetensors'), pushPolicy())
    await use(folder)
  })

test('every option of serve is refused in one line that names the flag, where its value is wrong', () =>
  withPolicy(async (folder) => {
    writeFileSync(join(folder, 'text'), 'not JSON')
    writeFileSync(join(folder, 'short.json'), '{"admin":"short"}')
    writeFileSync(join(folder, 'empty.json'), '{}')
    const wrong: [args: string[], told: RegExp, code?: number][] = [
      [['--port', '-1'], /--port is -1; expected a whole number from 0 to 65535/],
      [['--port', 'x'], /--port takes a number/, 2],
      [['--host', '0.0.0.0'], /--host is "0\.0\.0\.0"; without tokens .*; give --tokens-file, GYMNURA_ADMIN_TOKEN/],
      [['--state', 'disk'], /--state is "disk"; expected/],
      [['--state', 'file:~/state'], /--state is "file:~\/state"; .* write "file:\$HOME\/state"/],
      [['--state', 'file://state'], /--state is "file:\/\/state"; expected "file:FOLDER"/],
      [['--cache-bytes', '-5'], /--cache-bytes is -5; expected/],
      [['--shared-cache'], /shared-cache|sharedCache/],
      [['--log-level', 'loud'], /--log-level is "loud"; expected "trace", "debug"/, 2],
      [['--max-body-bytes', '0'], /--max-body-bytes is 0; expected a whole number from 1/],
      [['--max-binary-bytes', '1.5'], /--max-binary-bytes is 1\.5; expected/],
      [['--max-batch-inputs', '1e12'], /--max-batch-inputs is 1000000000000; expected/],
      [['--tokens-file', 'none'], /--tokens-file: ENOENT/, 2],
      [['--tokens-file', 'text'], /--tokens-file: text is not JSON of the form/, 2],
      [['--tokens-file', 'empty.json'], /--tokens-file: empty\.json is not JSON of the form/, 2],
      [
        ['--tokens-file', 'short.json'],
        /the admin's token \(--tokens-file, .*is not one \(it is not shown\); expected at least 16 characters/,
      ],
      [['--rate-limit', '0'], /--rate-limit is 0; expected a number more than 0/],
      [['--rate-limit', '5', '--rate-burst', '0'], /--rate-burst is 0; expected/],
      [['--rate-burst', '5'], /--rate-burst goes with --rate-limit/, 2],
      [['--cors', 'app.example'], /--cors is "app\.example"; expected one like/],
      [['--tls-cert', 'text'], /--tls-cert and --tls-key go together/, 2],
      [['--tls-client-ca', 'text'], /--tls-client-ca goes with/, 2],
      [['--tls-cert', 'none', '--tls-key', 'text'], /--tls-cert: ENOENT/],
      [['--tls-cert', 'text', '--tls-key', 'text'], /--tls-key holds no "BEGIN PRIVATE KEY"; expected a PEM file/],
      [['--allow', 'shell'], /--allow is "shell"; expected "function", "python", "image"/, 2],
      [['--model-root', 'none'], /--model-root is "none"; expected a folder that is there/],
      [['--container-port', '70000'], /--container-port is 70000; expected/],
      [['--container-host', 'no.such.host.example', '--container-port', '0'], /cannot listen for containers on no\.such\.host\.example/],
      [['--model', 'push.safetensors', '--model', 'push=push.safetensors'], /--model names "push" twice/, 2],
      [['--slo', '5'], /options of an application go with --model/, 2],
      [['--model', 'push.safetensors', '--slo', '0'], /--slo is 0; expected more than 0/],
      [['--model', 'push.safetensors', '--selection', 'best'], /there is no selection policy "best"/],
      [['--model', 'push.safetensors', '--selection', '{'], /--selection is \{; expected JSON, such as/, 2],
      [['--model', 'push.safetensors', '--default', 'x'], /--default is x; expected JSON, such as/, 2],
      [['--model', 'push.safetensors', '--reward-range', '5'], /--reward-range is 5; expected two numbers/, 2],
      [['--model', 'push.safetensors', '--confidence', '2'], /--confidence is 2; expected/],
      [['--model', 'push.safetensors', '--replicas', '0'], /--replicas is 0; expected 1 to 64/],
      [['--model', 'none.safetensors'], /cannot read the policy none\.safetensors/],
      [['--isolation', 'moon'], /--isolation is "moon"; expected "process"/, 2],
    ]
    for (const [args, told, code = 1] of wrong) {
      const given = args[0] === '--port' ? [] : ['--port', '0']
      const outcome = await gymnura(folder, 'serve', ...given, ...args)
      assert.is(outcome.code, code, `${args.join(' ')}: ${outcome.stderr}`)
      assert.match(outcome.stderr, told)
      assert.is(outcome.stderr.trimEnd().split('\n').length, 1, `${args.join(' ')}: ${outcome.stderr}`)
    }
  }))

test('what is secret in the environment of serve is not in that of its models', () =>
  withPolicy(async (folder) => {
    writeFileSync(
      join(folder, 'env.js'),
      'export default (batch) => batch.map(() => Object.keys(process.env).filter((name) => /GYMNURA|TESTED/.test(name)))',
    )
    const secrets = {
      GYMNURA_ADMIN_TOKEN: ADMIN,
      GYMNURA_APPLICATION_TOKEN: ANY,
      GYMNURA_STATE: 'file:./kept',
      GYMNURA_TLS_PASSPHRASE: 'secret',
    }
    for (const isolation of ['process', 'thread', 'inline']) {
      const args = ['--model', 'env.js', '--allow', 'function', '--isolation', isolation, '--slo', '60000']
      await withServing(
        folder,
        args,
        async (url) => {
          const { output } = await json<{ output: string[] }>(folder, 'predict', 'env', '--input', '[1]', '--url', url, '--token', ANY)
          assert.ok(output.includes('TESTED'), String(output))
          assert.not.ok(
            output.some((name) => name in secrets),
            String(output),
          )
        },
        { ...secrets, TESTED: isolation },
      )
    }
  }))

test('the state is named by a flag or, with its password, in the environment', () =>
  withPolicy(async (folder) => {
    const serving = (url: string) => json(folder, 'predict', 'push', ...INPUT, '--url', url)
    const state = { GYMNURA_STATE: 'file:./kept' }
    await withServing(folder, ['--model', 'push.safetensors'], async (url) => assert.is((await serving(url)).output, 1), state)
    await withServing(folder, [], async (url) => assert.is((await serving(url)).output, 1), state)
    await withServing(folder, ['--state', 'memory'], async (url) => assert.equal(await json(folder, 'models', '--url', url), []), state)
    const secret = await new Running(folder, ['serve', '--port', '0'], { GYMNURA_STATE: 'redis://user:secret@127.0.0.1:1' }).ended
    assert.is(secret.code, 1)
    assert.match(secret.stderr, /Redis at 127\.0\.0\.1:1 cannot be reached|@redis\/client/)
    assert.not.match(secret.stderr, /secret/)
  }))

test('a server that is told to end while a model of its own becomes warm ends at once', () =>
  withPolicy(async (folder) => {
    writeFileSync(join(folder, 'slow.js'), 'await new Promise((resolve) => setTimeout(resolve, 60_000))\nexport default (batch) => batch')
    const server = new Running(folder, ['serve', '--port', '0', '--model', 'slow.js', '--allow', 'function', '--log-level', 'debug'])
    await server.said(/"serving"/)
    server.process.kill('SIGTERM')
    const { code, stderr } = await server.ended
    assert.is(code, 143)
    assert.not.match(stderr, /gymnura:/)
  }))

test('tokens come from a file or the environment; clients show theirs by flag or environment', () =>
  withPolicy(async (folder) => {
    writeFileSync(join(folder, 'tokens.json'), JSON.stringify({ admin: ADMIN, applications: { '*': ANY } }))
    const use = async (url: string) => {
      const stranger = await gymnura(folder, 'models', '--url', url)
      assert.is(stranger.code, 1)
      assert.match(stranger.stderr, /takes calls with a token only/)
      assert.is((await json(folder, 'predict', 'push', ...INPUT, '--url', url, '--token', ANY)).output, 1)
      assert.match((await gymnura(folder, 'models', '--url', url, '--token', ANY)).stderr, /the token is not for admin calls/)
      const admin = await new Running(folder, ['models'], { GYMNURA_URL: url, GYMNURA_TOKEN: ADMIN }).ended
      assert.match(admin.stdout, /\* push:1/)
    }
    const served = ['--model', 'push.safetensors', '--isolation', 'inline']
    await withServing(folder, [...served, '--tokens-file', 'tokens.json'], use)
    const environment = { GYMNURA_ADMIN_TOKEN: ADMIN, GYMNURA_APPLICATION_TOKEN: ANY }
    await withServing(folder, [...served, '--host', '0.0.0.0'], use, environment)
    const both = await new Running(folder, ['serve', '--port', '0', '--tokens-file', 'tokens.json'], environment).ended
    assert.match(both.stderr, /--tokens-file is given, and so is GYMNURA_ADMIN_TOKEN/)
  }))

test('HTTPS is served with a certificate, and a client trusts the one that it is told to', () =>
  withPolicy(async (folder) => {
    if (certificate(folder) === undefined) return
    const tls = ['--tls-cert', 'cert.pem', '--tls-key', 'key.pem']
    await withServing(folder, [...tls, '--model', 'push.safetensors', '--isolation', 'inline'], async (url) => {
      assert.match(url, /^https:/)
      assert.is((await json(folder, 'predict', 'push', ...INPUT, '--url', url, '--ca', 'cert.pem')).output, 1)
      assert.match((await gymnura(folder, 'models', '--url', url)).stderr, /self.signed certificate/)
      assert.match((await gymnura(folder, 'models', '--url', url, '--ca', 'push.safetensors')).stderr, /--ca: .* holds no certificates/)
    })
  }))

test('limits on bodies, batches and rates hold, and say by which option', () =>
  withPolicy(async (folder) => {
    const limits = ['--max-body-bytes', '1000', '--max-batch-inputs', '2', '--max-binary-bytes', '3000', '--rate-limit', '0.001']
    const served = ['--model', 'push.safetensors', '--isolation', 'inline', '--rate-burst', '6', '--cors', 'https://app.example']
    await withServing(folder, [...limits, ...served], async (url) => {
      const asked = async (path: string, body: string) => {
        const { status, text } = await post(url + path, body)
        const { cause, error } = JSON.parse(text)
        return `${status} ${cause ?? error}`
      }
      const rows = (count: number) => JSON.stringify({ input_batch: new Array(count).fill([0, 0, 0, 1]) })
      assert.is(
        await asked('/push/predict', `${rows(1)}${' '.repeat(1000)}`),
        "413 the body is larger than 1000 bytes, which is the server's maxBodyBytes: send several requests",
      )
      assert.match(
        await asked('/push/predict', rows(3)),
        "400 input_batch: expected at most 2 inputs a request (the server's maxBatchInputs), got 3",
      )
      assert.match(
        await asked('/v1/models/push:predict', '{"instances":[[0,0,0,1],[0,0,0,1],[0,0,0,1]]}'),
        '400 instances: expected at most 2 rows',
      )
      assert.match(
        await asked('/v2/models/push/infer', ' '.repeat(3001)),
        "413 the body is larger than 3000 bytes, which is the server's maxBinaryBytes",
      )
      assert.match(await asked('/v2/models/push/infer', ' '.repeat(1001)), '413 the JSON is 1001 bytes; expected at most 1000')
      const page = await fetch(`${url}/push/predict`, {
        method: 'OPTIONS',
        headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
      })
      assert.is(page.headers.get('access-control-allow-origin'), 'https://app.example')
      assert.is((await post(`${url}/push/predict`, rows(2))).status, 200)
      assert.match(await asked('/push/predict', rows(2)), '429 more than 0.001 requests a second')
    })
  }))

test('models are served at once, with the objective, selection, default, isolation and replicas they are given', () =>
  withPolicy(async (folder) => {
    const args = ['--model', 'a=push.safetensors', '--model', 'push.safetensors', '--isolation', 'thread', '--replicas', '2']
    const application = ['--slo', '40', '--selection', 'exp3', '--default', '7', '--reward-range', '[-1,1]', '--overload', 'shed']
    await withServing(folder, [...args, ...application], async (url) => {
      const apps = await json<{ name: string; sloMs: number }[]>(folder, 'apps', '--url', url)
      const expected = { inputType: 'floats', defaultOutput: 7, sloMs: 40, selection: 'exp3', confidenceThreshold: 0, rewardRange: [-1, 1] }
      assert.equal(
        apps,
        ['a', 'push'].map((name) => ({ name, ...expected, overload: 'shed', models: [name] })),
      )
      assert.match((await gymnura(folder, 'containers', '--url', url)).stdout, /a:1 +0 .*\na:1 +1 .*\npush:1 +0 .*\npush:1 +1 /)
    })
  }))

test.run()
