import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { GymnuraError } from 'gymnura'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { newSpillFolder, removeSpillFolder, removeThreadFolder, SpillFolder } from '../../core/store/spill-folder.js'

const root = mkdtempSync(join(tmpdir(), 'gymnura-test-'))
const given = process.env.GYMNURA_SPILL_DIR
process.env.GYMNURA_SPILL_DIR = root

test.after(() => {
  if (given === undefined) delete process.env.GYMNURA_SPILL_DIR
  else process.env.GYMNURA_SPILL_DIR = given
  rmSync(root, { recursive: true })
})

/** A process that spills one object, says where, and then does what `after` says. */
async function spiller(after: string): Promise<{ folder: string; child: ChildProcess; closed: Promise<unknown> }> {
  const program = `
    const { newSpillFolder, SpillFolder } = await import(${JSON.stringify(new URL('../../core/store/spill-folder.js', import.meta.url).href)})
    const path = newSpillFolder()
    new SpillFolder(path).write(new SharedArrayBuffer(1000))
    process.stdout.write(path + '\\n')
    process.stdin.once('data', () => { ${after} })`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['pipe', 'pipe', 'ignore'] })
  const closed = once(child, 'close')
  const [folder] = (await once(createInterface(child.stdout), 'line')) as [string]
  assert.ok(existsSync(folder), `${folder} is there while its process runs`)
  return { folder, child, closed }
}

test('nothing is made before the first spill, and nobody else may read what is made then', () => {
  const path = newSpillFolder()
  const folder = new SpillFolder(path)
  assert.is(dirname(path), root)
  assert.equal(readdirSync(root), [])
  const file = folder.write(new SharedArrayBuffer(3000))
  assert.is(statSync(file.path).size, 3000)
  if (process.platform !== 'win32') assert.is(statSync(path).mode & 0o777, 0o700)
  removeSpillFolder(path)
  assert.equal(readdirSync(root), [])
})

test('what a thread that has ended left behind can be removed without touching the others', () => {
  const path = newSpillFolder()
  const { path: file } = new SpillFolder(path).write(new SharedArrayBuffer(10))
  mkdirSync(join(path, 'thread-7'))
  writeFileSync(join(path, 'thread-7', '1'), 'left behind')
  removeThreadFolder(path, 7)
  assert.equal(readdirSync(path), ['thread-0'])
  assert.ok(existsSync(file))
  removeSpillFolder(path)
})

for (const [how, code] of Object.entries({
  'by itself': 'process.stdin.destroy()',
  'by process.exit': 'process.exit(3)',
  'by an error that nobody caught': "throw new Error('on purpose')",
})) {
  test(`the folder is gone when its process has ended ${how}`, async () => {
    const { folder, child, closed } = await spiller(code)
    child.stdin!.end('go')
    await closed
    assert.not(existsSync(folder))
  })
}

test('the folder of a process that was killed goes with it', async () => {
  const killed = await spiller('')
  killed.child.kill('SIGKILL')
  await killed.closed
  for (let i = 0; i < 200 && existsSync(killed.folder); i++) await new Promise((resolve) => setTimeout(resolve, 20))
  assert.not(existsSync(killed.folder))
})

test('what dead processes have left is removed by the next one; folders of the living and of other machines are not', async () => {
  const living = newSpillFolder()
  new SpillFolder(living).write(new SharedArrayBuffer(10))
  const killed = await spiller('')
  killed.child.kill('SIGKILL')
  await killed.closed
  const left = killed.folder.replace(/[0-9a-f]{4}$/, '0000')
  mkdirSync(left)
  const ofOtherMachine = join(root, basename(left).replace(/spill-.{8}/, 'spill-00000000'))
  mkdirSync(ofOtherMachine)
  const late = newSpillFolder()
  assert.not(existsSync(left))
  assert.ok(existsSync(living))
  assert.ok(existsSync(ofOtherMachine))
  for (const path of [living, late]) removeSpillFolder(path)
})

test('a GYMNURA_SPILL_DIR that cannot be used is refused with its value and what to do', () => {
  const file = join(root, 'a-file')
  writeFileSync(file, '')
  const refusals: [string, RegExp][] = [
    ['spill/here', /is not an absolute path/],
    [join(root, 'nowhere'), /does not exist/],
    [file, /is not a folder/],
  ]
  for (const [value, why] of refusals) {
    process.env.GYMNURA_SPILL_DIR = value
    try {
      newSpillFolder()
      assert.unreachable('was not refused')
    } catch (error) {
      assert.instance(error, GymnuraError)
      const { code, message } = error as GymnuraError
      assert.is(code, 'ERR_INVALID_ARGUMENT')
      assert.match(message, why)
      assert.match(message, `GYMNURA_SPILL_DIR is '${value}'`)
      assert.match(message, /set it to/)
    } finally {
      process.env.GYMNURA_SPILL_DIR = root
    }
  }
})

test("the system's folder for temporary files is not used where it lies in memory itself", () => {
  if (process.platform !== 'linux' || !existsSync('/dev/shm') || statfsSync('/dev/shm').type !== 0x01021994) return
  const { TMPDIR } = process.env
  delete process.env.GYMNURA_SPILL_DIR
  process.env.TMPDIR = '/dev/shm'
  try {
    const path = newSpillFolder()
    removeSpillFolder(path)
    assert.is(dirname(path), '/var/tmp')
  } finally {
    process.env.GYMNURA_SPILL_DIR = root
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
})

test.run()
