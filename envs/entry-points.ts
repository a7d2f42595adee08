/**
 * Classes and functions by name, 'module:Export'. ES modules are imported asynchronously, while `make` is not: so a name is loaded once
 * (`await loadEntryPoint(name)`, or `await makeAsync(…)`, which does it), and found here by every `make` after that.
 */
import { EnvError } from './errors.js'
import { shown } from './shown.js'

const loaded = new Map<string, unknown>()
/** Modules that were imported for what they register. */
const modules = new Set<string>()

/** Makes a class or function known under 'module:Export', so that specs in which it stands can be made again. */
export function registerEntryPoint(name: string, value: unknown): void {
  splitEntryPoint(name)
  loaded.set(name, value)
}

/** The name a class or function is known under, null without one. */
export function entryPointOf(value: unknown): string | null {
  for (const [name, known] of loaded) if (known === value) return name
  return null
}

/** @throws EntryPointNotLoaded */
export function loadedEntryPoint(name: string): unknown {
  if (loaded.has(name)) return loaded.get(name)
  throw new EntryPointNotLoaded(
    `${name} is not loaded yet; ES modules are imported asynchronously: await makeAsync(…) once, or await loadEntryPoint(${shown(name)})`,
  )
}

/**
 * Imports what a name stands for. A module is a package, a URL, or a path from the working directory ('./envs.js:Corridor').
 *
 * @throws EnvError (ENVS_ENTRY_POINT) where the module cannot be imported or has no such export
 */
export async function loadEntryPoint(name: string): Promise<unknown> {
  if (loaded.has(name)) return loaded.get(name)
  const [module, exported] = splitEntryPoint(name)
  const found = (await importModule(module))[exported]
  if (found === undefined) throw new EnvError('ENVS_ENTRY_POINT', `${module} has no export ${exported}`)
  loaded.set(name, found)
  return found
}

/** Imports a module for the environments that it registers. @throws EnvError (ENVS_ENTRY_POINT) */
export async function importModule(module: string): Promise<Record<string, unknown>> {
  try {
    const imported = (await import(/* @vite-ignore */ locate(module))) as Record<string, unknown>
    modules.add(module)
    return imported
  } catch (cause) {
    throw new EnvError('ENVS_ENTRY_POINT', `${module} cannot be imported: ${(cause as Error).message}`, { cause })
  }
}

/** 'module:Env-v0' is the environment Env-v0 after the import of module. @throws EntryPointNotLoaded for a module not yet imported */
export function withoutModule(id: string): string {
  if (typeof id !== 'string' || !id.includes(':')) return id
  const [module, name] = splitEntryPoint(id)
  if (modules.has(module)) return name
  throw new EntryPointNotLoaded(
    `the module of ${id} is not imported yet; ES modules are imported asynchronously: await makeAsync(${shown(id)})`,
  )
}

/** At the last colon, for a URL has one too. @throws EnvError (ENVS_ENTRY_POINT) */
export function splitEntryPoint(name: unknown): [module: string, exported: string] {
  const at = typeof name === 'string' ? name.lastIndexOf(':') : -1
  const [module, exported] = at > 0 ? [(name as string).slice(0, at), (name as string).slice(at + 1)] : ['', '']
  if (module === '' || exported === '' || exported.startsWith('//'))
    throw new EnvError('ENVS_ENTRY_POINT', `an entry point in text is module:Export, such as ./corridor.js:Corridor, got ${shown(name)}`)
  return [module, exported]
}

function locate(module: string): string {
  if (!/^\.{0,2}\//.test(module)) return module
  const folder = globalThis.process?.cwd?.()
  const base = folder === undefined ? globalThis.document.baseURI : `file://${encodeURI(folder)}/`
  return new URL(module, base).href
}

export class EntryPointNotLoaded extends EnvError {
  override readonly name = 'EntryPointNotLoaded'
  constructor(message: string) {
    super('ENVS_ENTRY_POINT', message)
  }
}
