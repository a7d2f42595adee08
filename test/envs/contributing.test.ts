/** CONTRIBUTING.md's way to an environment of one's own, followed literally by a newcomer with an empty folder. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './helpers.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
const section = /## Add an environment\n([\s\S]*?)\n## /.exec(text)![1]!
const example = /```ts\n([\s\S]*?)```/.exec(section)![1]!
const folder = temporaryFolder('newcomer')

function run(...words: string[]): { stdout: string; stderr: string; status: number | null } {
  return spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8', timeout: 120_000 })
}

test.before(() => {
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(root, join(folder, 'node_modules', 'gymnura'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'corridor.ts'), example)
  writeFileSync(join(folder, 'corridor.js'), transformSync(example, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } }).code)
})

test('the example type-checks as it is printed, and says what it should', () => {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')]
  const strict = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--noImplicitOverride', '--skipLibCheck', '--noEmit']
  const checked = run(compiler, ...strict, ...types, 'corridor.ts')
  assert.is(checked.status, 0, checked.stdout)
  const { status, stderr, stdout } = run('corridor.js')
  assert.is(status, 0, stderr)
  assert.is(stdout, 'position of each of four walkers: [ 1, 0, 1, 0 ]\n')
})

test('the commands that the section names run as they stand: the list, and the page', () => {
  const commands = [...section.replaceAll('\n', ' ').matchAll(/`npx gymnura ([^`]+)`/g)].map(([, words]) => words!.split(' '))
  assert.equal(
    commands.map(([name]) => name),
    ['watch', 'envs'],
  )
  const gymnura = join(root, 'dist', 'bin', 'gymnura.js')
  const watched = run(gymnura, ...commands[0]!, '--episodes', '1', '--fps', '500')
  assert.match(watched.stdout, /Corridor-v0 at http:.*\n.*\nepisode 1: return [01] in \d+ steps\n$/, watched.stderr)
  assert.match(run(gymnura, ...commands[1]!).stdout, /Corridor-v0 +Discrete\(5\) +Discrete\(2\) +100/)
})

test('the line that puts it on threads does', () => {
  const call = /`(makeVec\('Corridor-v0', \{[^`]+\}\))`/.exec(section.replaceAll('\n', ' '))![1]!
  const script = `import { makeVec } from 'gymnura/envs'
    await import('./corridor.js')
    const envs = ${call}
    envs.reset({ seed: 1 })
    console.log(envs.step(new Array(64).fill(1))[0].join(''))
    envs.close()`
  const { stderr, stdout } = run('--input-type=module', '-e', script)
  assert.is(stdout.trim().split('\n').at(-1), '1'.repeat(64), stderr)
})

test.run()
