/** Every example in the documentation of a wrapper runs. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/core'
import * as envs from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './helpers.js'

const folder = join(fileURLToPath(new URL('../../..', import.meta.url)), 'envs', 'wrappers')
const { setWarningHandler } = envs

/** The indented lines of each doc comment. */
function examplesOf(source: string): string[] {
  const comments = source.match(/\/\*\*[\s\S]*?\*\//g) ?? []
  return comments
    .map((comment) => comment.split('\n').filter((line) => line.startsWith(' *     ')))
    .map((lines) => lines.map((line) => line.slice(7)).join('\n'))
    .filter((example) => example !== '')
}

function run(example: string): void {
  const { code } = transformSync(`(function () {\n${example}\n})()`, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } })
  const { CartPoleEnv, make, makeVec, spaces, wrappers } = envs
  new Function('CartPoleEnv', 'make', 'makeVec', 'spaces', 'wrappers', 'console', code)(CartPoleEnv, make, makeVec, spaces, wrappers, {
    log: () => {},
  })
}

setWarningHandler(() => {})
process.chdir(temporaryFolder('examples'))
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
let count = 0
for (const file of files) {
  for (const [i, example] of examplesOf(readFileSync(join(folder, file), 'utf8')).entries()) {
    count++
    test(`the example ${i + 1} of ${file} runs`, () => run(example))
  }
}

test('there is an example for each family of wrappers', () => {
  assert.ok(count > 40, `${count} examples`)
})

test.run()
