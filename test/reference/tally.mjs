// Imported by the comparisons that run in Node: counts checks, and prints the line that run.sh reads.
let passed = 0
let failed = 0

export function check(title, holds, detail = '') {
  if (holds) passed++
  else {
    failed++
    console.log(`FAIL ${title} ${detail}`)
  }
}

export function printTally() {
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed ? 1 : 0
}
