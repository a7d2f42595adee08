import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { freePort } from '../free-port.js'
import { gymnura, Running } from './command.js'

const test = suite<{ folder: string }>('gymnura')
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'gymnura-cli-'))
})
test.after.each(({ folder }) => rmSync(folder, { recursive: true, force: true }))

/** Whether a process of this pid is still there. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Pids of the processes whose parent is `pid`. */
function childrenOf(pid: number): number[] {
  const parents = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return parents
    .filter(
      (name) => existsSync(`/proc/${name}/stat`) && readFileSync(`/proc/${name}/stat`, 'utf8').split(') ')[1].split(' ')[1] === String(pid),
    )
    .map(Number)
}

test('train, eval, serve, publish and predict do by hand what the main job does', async ({ folder }) => {
  const trained = await gymnura(folder, 'train', 'CartPole-v1', '--seed', '1', '--out', 'runs/cp', '--json')
  assert.is(trained.code, 0, trained.stderr)
  assert.ok(JSON.parse(trained.stdout).return >= 475)
  assert.equal(
    readdirSync(join(folder, 'runs/cp'))
      .filter((name) => !name.startsWith('events'))
      .sort(),
    ['checkpoints', 'config.json', 'metrics.jsonl', 'policy.safetensors'],
  )
  const evaluated = await gymnura(folder, 'eval', 'runs/cp/policy.safetensors', '--episodes', '20', '--seed', '7', '--json')
  assert.ok(JSON.parse(evaluated.stdout).meanReward >= 400, evaluated.stdout)

  const server = new Running(folder, ['serve', '--port', '0'])
  try {
    const [, url] = await server.said(/serving on (\S+);/)
    const published = await gymnura(folder, 'publish', 'runs/cp/policy.safetensors', '--name', 'balance', '--url', url)
    assert.is(published.code, 0, published.stderr)
    assert.match(published.stdout, /balance version 1 is live/)
    const predicted = await gymnura(folder, 'predict', 'balance', '--input', '[0, 0, 0.1, 0]', '--url', url, '--json')
    const { output, default: isDefault } = JSON.parse(predicted.stdout)
    assert.ok(output === 0 || output === 1)
    assert.is(isDefault, false)
    const wrong = await gymnura(folder, 'predict', 'balance', '--input', '[0, 0, 0.1]', '--url', url)
    assert.is(wrong.code, 1)
    assert.match(wrong.stderr, /^gymnura: .*input.*4/)
  } finally {
    server.process.kill('SIGINT')
  }
  assert.is((await server.ended).code, 0)
})

test('Ctrl-C ends training with a run that goes on where it stopped, and ends as if it had not', async ({ folder }) => {
  const whole = await gymnura(folder, 'train', 'CartPole-v1', '--seed', '3', '--steps', '40000', '--out', 'whole', '--json')
  assert.is(whole.code, 0, whole.stderr)
  const running = new Running(folder, ['train', 'CartPole-v1', '--seed', '3', '--steps', '40000', '--out', 'parts'])
  await running.said(/steps\/s/)
  running.process.kill('SIGINT')
  const stopped = await running.ended
  assert.is(stopped.code, 130)
  assert.match(stopped.stdout, /go on with: npx gymnura train --resume parts/)
  const resumed = await gymnura(folder, 'train', '--resume', 'parts', '--json')
  assert.is(resumed.code, 0, resumed.stderr)
  assert.ok(readFileSync(join(folder, 'parts/policy.safetensors')).equals(readFileSync(join(folder, 'whole/policy.safetensors'))))
})

test('Ctrl-C in the main job leaves nothing running, whenever it comes', async ({ folder }) => {
  for (const moment of [/training PPO/, /is live/, /episodes through/]) {
    const running = new Running(folder, ['quickstart', '--keep'])
    await running.said(moment)
    const { pid } = running.process
    const children = childrenOf(pid!)
    running.process.kill('SIGINT')
    await running.ended
    assert.equal([pid!, ...children].filter(alive), [], `after ${moment}`)
  }
})

test('the main job ends with a line for programs and exit code 0', async ({ folder }) => {
  const { code, stdout, stderr } = await gymnura(folder, 'quickstart')
  assert.is(code, 0, stderr)
  assert.match(stdout.trim().split('\n').at(-1)!, /^result return=\d+\.\d train_s=\d+\.\d p50_ms=\d+\.\d\d p99_ms=\d+\.\d\d$/)
  assert.ok(existsSync(join(folder, 'cartpole.safetensors')))
})

test('an unknown environment, command or option is refused in one line that helps', async ({ folder }) => {
  const environment = await gymnura(folder, 'train', 'CartPol-v1')
  assert.is(environment.code, 1)
  assert.match(environment.stderr, /^gymnura: .*CartPol.*CartPole.*\n$/)
  assert.not.ok(existsSync(join(folder, 'runs')))
  const command = await gymnura(folder, 'trian', 'CartPole-v1')
  assert.is(command.code, 2)
  assert.match(command.stderr, /train/)
  const option = await gymnura(folder, 'train', 'CartPole-v1', '--sede', '3')
  assert.is(option.code, 2)
  assert.match(option.stderr, /sede/)
  assert.is((await gymnura(folder, 'train', 'CartPole-v1', '--steps', 'many')).code, 2)
})

test('a policy that is missing or broken is refused in one line, or as JSON', async ({ folder }) => {
  const missing = await gymnura(folder, 'eval', 'none.safetensors')
  assert.is(missing.code, 1)
  assert.match(missing.stderr, /^gymnura: none\.safetensors: there is no such file.*\n$/)
  writeFileSync(join(folder, 'text.safetensors'), 'no policy at all')
  const broken = await gymnura(folder, 'publish', 'text.safetensors', '--json')
  assert.is(JSON.parse(broken.stdout).error.code, 'POLICY_NOT_SAFETENSORS')
})

test('a busy port and a server that is not there are told with what to do', async ({ folder }) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const busy = await gymnura(folder, 'serve', '--port', String(port))
  other.close()
  assert.is(busy.code, 1)
  assert.match(busy.stderr, new RegExp(`^gymnura: .*${port}.*\\n$`))
  const nobody = await gymnura(folder, 'predict', 'balance', '--input', '[0,0,0,0]', '--url', `http://127.0.0.1:${port}`)
  assert.is(nobody.code, 1)
  assert.match(nobody.stderr, /^gymnura: .*is the server running\?\n$/)
})

test('a value that is missing or empty is refused instead of ignored', async ({ folder }) => {
  for (const args of [['--out'], ['--out', ''], ['--seed'], ['--seed', 'x'], ['--resume'], ['--seed', '1', '--seed', '2']]) {
    const { code, stderr } = await gymnura(folder, 'train', 'CartPole-v1', ...args)
    assert.is(code, 2, args.join(' '))
    assert.match(stderr, /^gymnura: .*\n$/)
  }
  assert.equal(readdirSync(folder), [])
})

test('output that nobody reads does not end a training', async ({ folder }) => {
  const running = new Running(folder, ['train', 'CartPole-v1', '--steps', '20000', '--out', 'run'])
  running.process.stderr!.destroy()
  running.process.stdout!.destroy()
  await running.ended
  assert.ok(existsSync(join(folder, 'run', 'policy.safetensors')))
  const { stdout } = await gymnura(folder, 'train', '--resume', 'run', '--json')
  assert.is(JSON.parse(stdout).steps, 20_224)
})

test('publish waits for a server that is starting', async ({ folder }) => {
  const trained = gymnura(folder, 'train', 'CartPole-v1', '--steps', '256', '--out', 'run')
  const port = await freePort()
  await trained
  const published = gymnura(folder, 'publish', 'run/policy.safetensors', '--name', 'a', '--url', `http://127.0.0.1:${port}`)
  const server = new Running(folder, ['serve', '--port', String(port)])
  assert.is((await published).code, 0)
  server.process.kill('SIGTERM')
  await server.ended
})

test('an environment of your own is trained and played from its file', async ({ folder }) => {
  const module = fileURLToPath(new URL('../rl/algorithms/corridor.js', import.meta.url))
  const trained = await gymnura(folder, 'train', 'Corridor-v0', '--module', module, '--steps', '4096', '--out', 'run')
  assert.is(trained.code, 0, trained.stderr)
  const played = await gymnura(folder, 'eval', 'run/policy.safetensors', '--module', module, '--episodes', '5', '--json')
  assert.is(played.code, 0, played.stderr)
})

test('a run is not written over', async ({ folder }) => {
  assert.is((await gymnura(folder, 'train', 'CartPole-v1', '--steps', '256', '--out', 'run')).code, 0)
  const again = await gymnura(folder, 'train', 'CartPole-v1', '--steps', '256', '--out', 'run')
  assert.is(again.code, 1)
  assert.match(again.stderr, /run already holds a run; choose another folder/)
})

test.run()
