// `npm run check`: types, lint and format, import direction, dead code. All run even when one fails.
import { spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const checks = {
  types: ['tsc', '-p', 'tsconfig.json', '--noEmit'],
  'lint and format': ['biome', 'check', '--error-on-warnings', '.'],
  imports: ['depcruise', '--config', '.dependency-cruiser.cjs', 'bin', 'core', 'envs', 'rl', 'serve', 'bench', 'test'],
  cycles: ['depcruise', '--config', '.dependency-cruiser-built.cjs', 'dist/bin', 'dist/core', 'dist/envs', 'dist/rl', 'dist/serve'],
  'dead code': ['knip', '--no-progress'],
}
spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), '--plain'], { cwd: root, stdio: 'inherit' })
let failed = 0
for (const [name, [command, ...args]] of Object.entries(checks)) {
  const { status } = spawnSync(join(root, 'node_modules', '.bin', command), args, { cwd: root, stdio: 'inherit' })
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}`)
  if (status !== 0) failed++
}
spawnSync(process.execPath, [join(root, 'scripts/bundle.mjs')], { cwd: root, stdio: 'inherit' })
process.exitCode = failed ? 1 : 0
