/**
 * MuJoCo itself: the official WebAssembly build, 10 MB, loaded at the first `make` of one of its environments and kept for the thread.
 *
 * `make` is synchronous but the build's loader is not, for three awaits of which none waits for anything once the bytes are there. In
 * Node, which reads files synchronously, the loader's source is therefore run without them (the build is pinned to one version, and
 * another source is refused); elsewhere `await loadMujoco()` comes first.
 */
import type { MainModule } from '@mujoco/mujoco'
import { EnvError } from '../errors.js'

type Instantiate = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void) => void
type Factory = (scriptUrl: string, nodeModule: unknown) => (hooks: { instantiateWasm: Instantiate }) => MainModule

/** What is replaced in the loader's source, each exactly once. */
const WITHOUT_AWAIT = [
  ['async function(moduleArg = {})', 'function(moduleArg = {})'],
  ["await import('module')", 'nodeModule'],
  ['var wasmExports = await createWasm();', 'var wasmExports; createWasm();'],
  ['export default loadMujoco;', 'return loadMujoco;'],
] as const

let loaded: MainModule | null = null

/**
 * Loads MuJoCo. Needed before `make` only where files cannot be read synchronously: in a browser.
 *
 *     await loadMujoco()
 *     const env = make('HalfCheetah-v5')
 */
export async function loadMujoco(): Promise<void> {
  if (loaded !== null) return
  const { default: load } = await import('@mujoco/mujoco')
  const module = await load()
  // Two callers may have waited at once; all simulations of a thread live in one module.
  loaded ??= module
}

/** The module. @throws EnvError (ENVS_NOT_LOADED) where it can only be loaded asynchronously and was not */
export function mujoco(): MainModule {
  loaded ??= loadSynchronously()
  return loaded
}

function loadSynchronously(): MainModule {
  const node = globalThis.process?.getBuiltinModule
  if (node === undefined) throw notLoaded('files cannot be read synchronously here')
  const { readFileSync } = node('node:fs')
  const url = import.meta.resolve('@mujoco/mujoco')
  let source = readFileSync(new URL(url), 'utf8')
  for (const [found, instead] of WITHOUT_AWAIT) {
    if (source.split(found).length !== 2)
      throw notLoaded(`this version of @mujoco/mujoco has another loader ('${found}' is not in it once)`)
    source = source.replace(found, instead)
  }
  source = source.replaceAll('import.meta.url', 'scriptUrl')
  const factory = new Function('scriptUrl', 'nodeModule', source) as Factory
  const wasm = new WebAssembly.Module(readFileSync(new URL('mujoco.wasm', url)))
  return factory(url, node('node:module'))({ instantiateWasm: (imports, done) => done(new WebAssembly.Instance(wasm, imports), wasm) })
}

function notLoaded(reason: string): EnvError {
  return new EnvError('ENVS_NOT_LOADED', `MuJoCo is not loaded, and ${reason}; call await loadMujoco() before make()`)
}
