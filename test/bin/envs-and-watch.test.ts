import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const gymnura = fileURLToPath(new URL('../../bin/gymnura.js', import.meta.url))

async function run(...words: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [gymnura, ...words], { env: { ...process.env, NO_COLOR: '1' } })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (part) => (stdout += part))
  child.stderr.on('data', (part) => (stderr += part))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

test('envs lists environments with spaces, limits and thresholds, for people and for programs', async () => {
  const { code, stdout } = await run('envs', 'cartpole')
  assert.is(code, 0)
  assert.match(stdout, /environment +observations +actions +steps +solved at\n/)
  assert.match(stdout, /CartPole-v1 +Box\(\[…\], \[…\], \(4,\), float32\) +Discrete\(2\) +500 +475/)
  const rows = JSON.parse((await run('envs', '--json')).stdout) as { id: string; maxEpisodeSteps: number; vectorizationModes: string[] }[]
  const cart = rows.find(({ id }) => id === 'CartPole-v1')!
  assert.equal([cart.maxEpisodeSteps, cart.vectorizationModes], [500, ['vector_entry_point', 'sync', 'async', 'native']])
  assert.ok(rows.length > 10)
  assert.match((await run('envs', 'nothing-like-it')).stdout, /gymnura envs lists all/)
})

test('watch shows episodes on a page, ends after as many as asked, and gives their returns to programs', async () => {
  const { code, stdout } = await run('watch', 'CartPole-v1', '--episodes', '2', '--seed', '1', '--fps', '500', '--json')
  assert.is(code, 0)
  const [page, ...episodes] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.match(page.url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
  assert.equal(
    episodes.map(({ episode, steps, return: sum, byKeyboard }) => [episode, steps === sum, steps > 5, byKeyboard]),
    [
      [1, true, true, false],
      [2, true, true, false],
    ],
  )
  const again = await run('watch', 'CartPole-v1', '--episodes', '2', '--seed', '1', '--fps', '500', '--json')
  assert.is(again.stdout.split('\n')[1], stdout.split('\n')[1])
})

test('keys held in the page play, and Escape gives back', async () => {
  const child = spawn(process.execPath, [gymnura, 'watch', 'CartPole-v1', '--episodes', '1', '--fps', '8', '--json'])
  const closed = once(child, 'close')
  const lines: string[] = []
  const first = new Promise<string>((resolve) =>
    child.stdout.on('data', (part: Buffer) => {
      lines.push(...part.toString().trim().split('\n'))
      resolve(JSON.parse(lines[0]!).url)
    }),
  )
  const url = await first
  const press = (keys: string[]) =>
    fetch(new URL('keys', url), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(keys) })
  assert.is((await press(['ArrowRight'])).status, 204)
  await closed
  const episode = JSON.parse(lines[1]!)
  assert.is(episode.byKeyboard, true)
  assert.ok(episode.steps < 25, 'the cart that is only pushed to the right falls at once')
})

test('Escape gives back to the policy, even where it was pressed between two frames', async () => {
  const child = spawn(process.execPath, [gymnura, 'watch', 'MountainCar-v0', '--fps', '10', '--json'])
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { url } = JSON.parse(line.toString()) as { url: string }
  const reader = (await fetch(new URL('events', url))).body!.pipeThrough(new TextDecoderStream()).getReader()
  const status = async (wanted: string) => {
    for (let text = ''; !text.includes(wanted); ) text += (await reader.read()).value
  }
  const press = (keys: string[]) =>
    fetch(new URL('keys', url), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(keys) })
  await status('random actions')
  await press(['ArrowRight'])
  await status('you play')
  await press(['ArrowRight', 'Escape'])
  await press([])
  await status('random actions')
  const closed = once(child, 'close')
  child.kill('SIGINT')
  const [code, signal] = await closed
  assert.ok(code === 130 || signal === 'SIGINT')
})

test('watch lets a policy that train wrote act, and refuses it where the spaces are others before it opens a page', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-cli-'))
  try {
    await run('train', 'CartPole-v1', '--steps', '8192', '--seed', '1', '--out', folder)
    const policy = join(folder, 'policy.safetensors')
    const { code, stdout, stderr } = await run(
      'watch',
      'CartPole-v1',
      '--policy',
      policy,
      '--episodes',
      '1',
      '--seed',
      '1',
      '--fps',
      '1000',
      '--json',
    )
    assert.is(code, 0, stderr)
    const episode = JSON.parse(stdout.trim().split('\n')[1]!)
    const { rewards } = JSON.parse((await run('eval', policy, '--episodes', '1', '--seed', '1', '--json')).stdout)
    assert.equal(episode, { episode: 1, return: rewards[0], steps: rewards[0], byKeyboard: false })
    const elsewhere = await run('watch', 'Acrobot-v1', '--policy', policy)
    assert.equal([elsewhere.code, elsewhere.stdout], [1, ''])
    assert.match(elsewhere.stderr, /^gymnura: the policy was trained on CartPole-v1 and knows Box.*; Acrobot-v1 has Box.*\n$/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('watch says in one line what is wrong', async () => {
  const misspelt = await run('watch', 'CartPoel-v1')
  assert.is(misspelt.code, 1)
  assert.match(misspelt.stderr, /^gymnura: .*Did you mean CartPole-v1\?\n$/)
  assert.match((await run('watch', 'CartPole-v1', '--policy', 'nowhere.safetensors')).stderr, /nowhere\.safetensors/)
  assert.is((await run('watch', 'CartPole-v1', '--fps', '0')).code, 1)
  assert.is((await run('watch')).code, 2)
})

test.run()
