// Builds dist/: WebAssembly kernels (AssemblyScript), then the TypeScript tree, tests and benchmarks included.
// Kernels live in folders named `assembly/` with an `asconfig.json`; `foo/assembly/` becomes `dist/foo/kernels.wasm`, and
// `kernels-unshared.wasm` where there is a target for memories that are not shared between threads.
// Then the rooms are bundled (bundle.mjs), unless `--plain` is given.
// dist/ is made anew (a deleted source leaves no stale test behind); kernels are kept while their sources are unchanged.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')
const tool = (...path) => join(root, 'node_modules', ...path)

function run(script, args, cwd = root) {
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

function assemblyFolders() {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name === 'asconfig.json' && !/node_modules|dist/.test(relative(root, entry.parentPath)))
    .map((entry) => entry.parentPath)
}

function compiled(folder, target, cache) {
  const hash = createHash('sha256').update(target)
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(join(folder, file)))
  const kept = join(cache, `${hash.digest('hex')}.wasm`)
  if (!existsSync(kept)) {
    const part = `${kept}.${process.pid}.part`
    run(tool('assemblyscript', 'bin', 'asc.js'), ['index.ts', '--config', 'asconfig.json', '--target', target, '--outFile', part], folder)
    renameSync(part, kept)
  }
  return readFileSync(kept)
}

function buildKernels(folder, cache) {
  const out = join(dist, relative(root, dirname(folder)))
  mkdirSync(out, { recursive: true })
  const { targets } = JSON.parse(readFileSync(join(folder, 'asconfig.json'), 'utf8'))
  writeFileSync(join(out, 'kernels.wasm'), compiled(folder, 'release', cache))
  if (targets.unshared) writeFileSync(join(out, 'kernels-unshared.wasm'), compiled(folder, 'unshared', cache))
}

const cache = join(tool(), '.cache', 'gymnura-kernels')
mkdirSync(cache, { recursive: true })
rmSync(dist, { recursive: true, force: true })
for (const folder of assemblyFolders()) buildKernels(folder, cache)
// Python files run beside the JavaScript that starts them.
for (const folder of ['envs/python', 'serve/containers/python'])
  cpSync(join(root, folder), join(dist, folder), {
    recursive: true,
    filter: (path) => !path.includes('__pycache__') && (path.endsWith('.py') || !/\.\w+$/.test(path)),
  })
run(tool('typescript', 'bin', 'tsc'), ['-p', 'tsconfig.json'])
if (!process.argv.includes('--plain')) run(join(root, 'scripts', 'bundle.mjs'), [])
