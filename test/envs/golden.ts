import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import type { Checks } from './traces/read.js'

const folder = join(fileURLToPath(new URL('../../..', import.meta.url)), 'test', 'golden', 'envs')

/** Runs the checks of a module of traces/ on the golden files, each as a test. */
export function goldenTests(checks: Checks): void {
  for (const { title, run } of checks(folder, false)) test(title, run)
  test.run()
}
