import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

/*
 * However a program ends, nothing of its runtime is left: no worker process, no spilled object, nothing in /dev/shm. The
 * program has spilled objects in the driver, in a worker thread and in a worker process when it ends.
 */

const root = mkdtempSync(join(tmpdir(), 'gymnura-exit-'))
test.after(() => rmSync(root, { recursive: true, force: true }))

const program = (end: string, begin: string) => `
  ${begin}
  import { actor, get, init, put, shutdown } from 'gymnura'
  await init({ numCpus: 1, objectStoreBytes: 4 * 2 ** 20 })
  class Hoarder {
    kept = []
    async hoard() {
      const { put } = await import('gymnura')
      for (let i = 0; i < 4; i++) this.kept.push(put(new Float64Array(2 ** 18)))
      return process.pid
    }
    loop() {
      for (;;) {}
    }
  }
  const mine = Array.from({ length: 4 }, () => put(new Float64Array(2 ** 18)))
  const near = actor(Hoarder).remote()
  const far = actor(Hoarder, { runtime: 'process' }).remote()
  await get(near.hoard.remote())
  const pid = await get(far.hoard.remote())
  far.loop.remote()
  process.stdout.write(JSON.stringify({ pid }) + '\\n')
  const wait = () => new Promise((resolve) => setTimeout(resolve, 60_000))
  ${end}
`

/** Folders that are the child's, by its pid in their names. */
function folders(pid: number): string[] {
  const shared = existsSync('/dev/shm') ? readdirSync('/dev/shm').map((name) => join('/dev/shm', name)) : []
  const spilled = readdirSync(root).map((name) => join(root, name))
  return [...shared, ...spilled].filter((path) => new RegExp(`gymnura-(spill|process)-[0-9a-f]+-${pid}-`).test(path))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/State:\s+Z/.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** Runs the program; `kill` is sent when it is ready. Resolves when all that it left is gone, or after ten seconds. */
async function run(end: string, kill?: NodeJS.Signals, begin = ''): Promise<Ended> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program(end, begin)], {
    env: { ...process.env, GYMNURA_SPILL_DIR: root },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = new Promise<Ended>((resolve) => child.on('exit', (code, signal) => resolve({ code, signal })))
  let output = ''
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      output += chunk
      if (output.includes('\n')) resolve()
    })
    void ended.then(() => resolve())
  })
  const { pid } = JSON.parse(output) as { pid: number }
  if (kill !== undefined) {
    assert.ok(isAlive(pid))
    // Driver, thread and process have spilled, and the process has a folder for what travels.
    assert.ok(folders(child.pid!).length >= 2)
    child.kill(kill)
  }
  const how = await ended
  for (let i = 0; i < 200 && (isAlive(pid) || folders(child.pid!).length > 0); i++) await pause(50)
  assert.not(isAlive(pid), 'the worker process is gone')
  assert.equal(folders(child.pid!), [])
  return how
}

test('a program that comes to its end', async () => {
  assert.equal(await run(''), { code: 0, signal: null })
})

test('shutdown, while the program goes on', async () => {
  const child = `
    await shutdown()
    const { readdirSync } = await import('node:fs')
    const left = [...readdirSync(process.env.GYMNURA_SPILL_DIR), ...(process.platform === 'linux' ? readdirSync('/dev/shm') : [])]
    process.exit(left.some((name) => /^gymnura-/.test(name) && name.includes('-' + process.pid + '-')) ? 1 : 0)
  `
  assert.equal(await run(child), { code: 0, signal: null })
})

test('process.exit', async () => {
  assert.equal(await run('process.exit(3)'), { code: 3, signal: null })
})

test('an uncaught exception and an unhandled rejection', async () => {
  assert.is((await run("setTimeout(() => { throw new Error('x') }); await wait()")).code, 1)
  assert.is((await run("Promise.reject(new Error('x')); await wait()")).code, 1)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL', 'SIGABRT'] as const) {
  test(`${signal} ends the program by that signal`, async () => {
    assert.equal(await run('await wait()', signal), { code: null, signal })
  })
}

test('signals end a program that computes without a pause', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) assert.equal(await run('for (;;) {}', signal), { code: null, signal })
})

test("a program's own handler of a signal is left to it", async () => {
  const ended = await run('await wait()', 'SIGTERM', "process.on('SIGTERM', () => process.exit(7))")
  assert.equal(ended, { code: 7, signal: null })
})

test('what other runs that were killed have left is swept when the runtime starts', async () => {
  const { mkdirSync } = await import('node:fs')
  const { folderPrefix } = await import('../../core/store/spill-folder.js')
  const dead = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => dead.on('exit', resolve))
  const stale = join(root, `${folderPrefix('spill')}${dead.pid}-0123456789abcdef`)
  mkdirSync(join(stale, 'thread-0'), { recursive: true })
  assert.is((await run('')).code, 0)
  assert.not(existsSync(stale))
})

test.run()
