import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const LEAN_HEAP = new URL('../../bin/lean-heap.js', import.meta.url).href

/** How large the space of young objects is before and after many of them have lived for a while, bytes. */
function youngSpace(isLean: boolean): { before: number; after: number } {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    const size = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size
    if (${isLean}) (await import(${JSON.stringify(LEAN_HEAP)})).leanHeap()
    const before = size()
    let kept = []
    for (let i = 0; i < 3_000_000; i++) {
      kept.push({ i })
      if (kept.length === 50_000) kept = []
    }
    console.log(JSON.stringify({ before, after: size() }))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program]).toString())
}

const MIB = 1024 ** 2

test('a lean heap leaves the space of young objects as it was, where it would have grown', () => {
  const [lean, usual] = [youngSpace(true), youngSpace(false)]
  // (It is in two halves, of which one is there before the first collection.)
  assert.ok(lean.after <= 2 * Math.max(lean.before, MIB), JSON.stringify(lean))
  assert.ok(usual.after >= 8 * MIB, JSON.stringify(usual))
})

test.run()
