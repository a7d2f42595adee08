// Replays the traces that test/golden/envs/make.py wrote into a folder: every module of test/envs/traces, one trace is one check.
import { readdirSync } from 'node:fs'

const modules = new URL('../../../dist/test/envs/traces/', import.meta.url)
const folder = process.argv[2]
let passed = 0
let failed = 0

for (const file of readdirSync(modules).filter((name) => name.endsWith('.js'))) {
  const { checks } = await import(new URL(file, modules).href)
  if (checks === undefined) continue
  const before = passed
  for (const { title, run } of checks(folder, true)) {
    try {
      await run()
      passed++
    } catch (error) {
      failed++
      console.log(`FAIL ${title}: ${error.message}`)
    }
  }
  console.log(`${file.slice(0, -3)}: ${passed - before} passed`)
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed ? 1 : 0
