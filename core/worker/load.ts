import { createRequire } from 'node:module'
import { constants, Script } from 'node:vm'
import type { ShippedFunction } from './messages.js'

// biome-ignore lint/complexity/noBannedTypes: a user's function of any shape
export type Loaded = Function

/**
 * Compiles a function or class from its source. The script bears the caller's file name and the main context's loader,
 * so `await import()` resolves as it does in that file; `require` and the name helper of esbuild are supplied.
 */
export function compile({ source, file, line, column }: Pick<ShippedFunction, 'source' | 'file' | 'line' | 'column'>): Script {
  const before = "(function (require, __name) { 'use strict'; return ("
  return new Script(`${before}${source}\n) })`, {
    // Lines and columns in stacks are those of the file, or else count from the function's own beginning.
    lineOffset: line ?? 0,
    columnOffset: column - before.length,
    filename: file,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  })
}

/** The names that the wrapper supplies to a shipped function. */
export const supplied: readonly string[] = ['require', '__name']

export function load(shipped: ShippedFunction): Loaded | Promise<Loaded> {
  if (shipped.module !== undefined) return importExport(shipped.module, shipped.name)
  const make = compile(shipped).runInThisContext() as (require: NodeJS.Require, name: typeof keepName) => Loaded
  return make(createRequire(shipped.file), keepName)
}

function keepName(target: object, name: string): object {
  return Object.defineProperty(target, 'name', { value: name, configurable: true })
}

async function importExport(module: string, name: string): Promise<Loaded> {
  const exports = (await import(module)) as Record<string, unknown>
  const found = exports[name] ?? Object.values(exports).find((value) => typeof value === 'function' && value.name === name)
  if (typeof found === 'function') return found
  const names = Object.keys(exports).join(', ') || 'nothing'
  throw new TypeError(`${module} exports no function '${name}' (it exports ${names}); export it under that name, or leave 'module' out`)
}
