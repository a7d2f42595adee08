import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as envs from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readTraces } from './traces/read.js'

const page = readFileSync(new URL('../../../envs/GYMNASIUM.md', import.meta.url), 'utf8')
const golden = fileURLToPath(new URL('../../../test/golden/envs', import.meta.url))
const { modules } = readTraces<{ modules: Record<string, string[]> }>(golden, 'names')
const names = new Set(Object.entries(modules).flatMap(([module, own]) => own.map((name) => `${module}.${name}`)))
const leftOut = new Set(Array.from(page.matchAll(/`(gymnasium\.[\w.]+)`/g), ([, name]) => name!))

const camelCase = (name: string) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
const sources = ['index.ts', 'spaces/index.ts'].map((file) => readFileSync(new URL(`../../../envs/${file}`, import.meta.url), 'utf8'))

/** As a value in one of the places where users look, or as a type. */
function isExported(name: string): boolean {
  const own = camelCase(name)
  return (
    [envs, envs.spaces, envs.wrappers, envs.wrappers.vector].some((place) => own in place) ||
    sources.some((source) => source.includes(`type ${own}`))
  )
}

test('every public name of Gymnasium is exported, or is on the page of names that are not', () => {
  assert.ok(names.size > 150)
  const forgotten = Array.from(names).filter((name) => !isExported(name.slice(name.lastIndexOf('.') + 1)) && !leftOut.has(name))
  assert.equal(forgotten, [])
})

test('the page has no name that Gymnasium does not have', () => {
  assert.equal(
    Array.from(leftOut).filter((name) => !names.has(name)),
    [],
  )
})

test.run()
