/**
 * The test runner: each test file is a process of its own (uvu inside), so a hang, a crash or a leaked worker belongs to one file.
 *
 *     npm test                    all
 *     npm test -- core envs/seed  files whose path contains one of the words
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const FILE_LIMIT_MS = 180_000
const here = dirname(fileURLToPath(import.meta.url))

interface Outcome {
  passed: number
  failed: number
  skipped: number
}

function testFiles(words: string[]): string[] {
  return readdirSync(here, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
    .sort()
}

function counted(output: string, label: string): number {
  return Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? 0)
}

function runFile(file: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const started = performance.now()
    // What a test leaves behind is found there, and removed.
    const temporary = mkdtempSync(join(tmpdir(), 'gymnura-'))
    const child = spawn(process.execPath, [join(here, file)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', TMPDIR: temporary },
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => (output += chunk))
    let hung = false
    const limit = setTimeout(() => {
      hung = true
      child.kill('SIGKILL')
    }, FILE_LIMIT_MS)
    child.on('close', (code, signal) => {
      clearTimeout(limit)
      const total = counted(output, 'Total')
      const passed = counted(output, 'Passed')
      const skipped = counted(output, 'Skipped')
      // A file that dies, hangs, runs nothing or leaves files behind has failed, whatever it counted.
      const left = readdirSync(temporary)
      rmSync(temporary, { recursive: true, force: true })
      const broken = code !== 0 || total + skipped === 0 || left.length > 0
      const failed = Math.max(total - passed, broken ? 1 : 0)
      const seconds = ((performance.now() - started) / 1000).toFixed(1)
      console.log(`${failed ? 'FAIL' : 'ok  '} ${relative('.', file)} (${passed}/${total}, ${seconds} s)`)
      for (const reason of output.match(/^skipped: .+$/gm) ?? []) console.log(reason)
      if (failed) console.log(`${output}\n${hung ? `stopped after ${FILE_LIMIT_MS / 1000} s` : `exit ${code ?? signal}`}`)
      if (left.length > 0) console.log(`left behind in the folder for temporary files: ${left.join(', ')}`)
      resolve({ passed, failed, skipped })
    })
  })
}

const queue = testFiles(process.argv.slice(2))
if (queue.length === 0) {
  console.error(`no test file matches: ${process.argv.slice(2).join(' ')}`)
  process.exit(2)
}
const sum: Outcome = { passed: 0, failed: 0, skipped: 0 }
async function drain(): Promise<void> {
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    const outcome = await runFile(file)
    sum.passed += outcome.passed
    sum.failed += outcome.failed
    sum.skipped += outcome.skipped
  }
}
await Promise.all(Array.from({ length: availableParallelism() }, drain))
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped ? `, ${sum.skipped} skipped` : ''}`)
process.exitCode = sum.failed ? 1 : 0
