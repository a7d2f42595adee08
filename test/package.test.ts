/** What a user gets from the registry: the packed package in an empty folder, and the README's example in it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'gymnura-package-'))
const run = (command: string, args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

test.before(() => {
  // Scripts are off: `prepare` would build again under the feet of the other tests.
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], { cwd: root, stdio: 'ignore' })
  const tarball = readdirSync(folder).find((file) => file.endsWith('.tgz'))!
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--silent', `./${tarball}`])
})
test.after(() => rmSync(folder, { recursive: true, force: true }))

test('the package installs in an empty folder, holds no tests, and every entry point can be imported', () => {
  const entries = ['gymnura', 'gymnura/envs', 'gymnura/rl', 'gymnura/serve']
  const program = `for (const entry of ${JSON.stringify(entries)}) console.log(entry, Object.keys(await import(entry)).length > 2)`
  assert.equal(
    run(process.execPath, ['--input-type=module', '-e', program]).trim().split('\n'),
    entries.map((entry) => `${entry} true`),
  )
  assert.not.ok(readdirSync(join(folder, 'node_modules', 'gymnura', 'dist')).includes('test'))
})

test('the gymnura command works from the package', () => {
  assert.match(run('npx', ['gymnura', '--help']), /train \[env\]/)
})

test("the README's example type-checks and runs as printed", () => {
  const example = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[1]
  assert.ok(example, 'the README has a ```ts block')
  writeFileSync(join(folder, 'example.ts'), example)
  const types = join(root, 'node_modules', '@types')
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const options = ['--module', 'nodenext', '--target', 'es2023', '--strict', '--skipLibCheck', '--types', 'node', '--typeRoots', types]
  run(process.execPath, [compiler, ...options, 'example.ts'])
  assert.match(run(process.execPath, ['example.js']), /mean return (4[5-9]\d|500)/)
})

test.run()
