import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GymnuraError, invalid } from '../api/errors.js'
import { compile, supplied } from '../worker/load.js'
import type { ShippedFunction } from '../worker/messages.js'
import { callerFile } from './call-site.js'
import { freeVariables } from './free-variables.js'

// biome-ignore lint/complexity/noBannedTypes: a user's function of any shape
type AnyFunction = Function

/** Every function and class that was shipped, by the hash of its source and file: defined twice, it is one. */
const byHash = new Map<string, ShippedFunction>()
/** The same, for those that were registered as they are: a task may call `remote` each time it runs. */
const byCode = new WeakMap<AnyFunction, ShippedFunction>()

/** Looks a function or class over and gives it an index. Throws if it cannot run elsewhere. */
export function register(
  what: 'remote' | 'actor',
  code: AnyFunction,
  module: string | undefined,
  methods: readonly string[],
  generators: readonly string[] = [],
): ShippedFunction {
  const name = code.name || (what === 'remote' ? 'anonymous' : 'Anonymous')
  if (module !== undefined && code.name === '') {
    throw invalid(`${what}: a function for { module } needs a name, the one it is exported under`)
  }
  const again = byCode.get(code)
  if (again !== undefined && again.module === module) return again
  const file = module ?? callerFile()
  const source = module === undefined ? expressionOf(what, code) : undefined
  const hash = createHash('sha256')
    .update(JSON.stringify([module !== undefined, file, name, source]))
    .digest('hex')
  const known = byHash.get(hash)
  if (known !== undefined) {
    byCode.set(code, known)
    return known
  }
  const place = source === undefined ? nowhere : placeOf(code.toString(), source, file)
  const shipped: ShippedFunction = { index: byHash.size, name, file, source, module, methods, generators, hash, ...place }
  if (source !== undefined) inspect(what, shipped, source)
  byHash.set(hash, shipped)
  byCode.set(code, shipped)
  return shipped
}

/** Another thread's function, under a number of this thread's. */
export function adopt(foreign: ShippedFunction): ShippedFunction {
  const known = byHash.get(foreign.hash)
  if (known !== undefined) return known
  const own = { ...foreign, index: byHash.size }
  byHash.set(own.hash, own)
  return own
}

/** A function's source as an expression: a method's is not one by itself. */
function expressionOf(what: string, code: AnyFunction): string {
  const source = code.toString()
  if (/\{\s*\[native code\]\s*\}$/.test(source)) {
    throw invalid(`${what}: ${code.name || 'the function'} is native or bound and has no source; wrap it in a function of your own`)
  }
  if (/^(async\b|class\b|function\b|\()/.test(source) || /^[\p{ID_Start}$_][\p{ID_Continue}$]*\s*=>/u.test(source)) {
    if (!/^async\s+(?!function\b)[\p{ID_Start}$_*][\p{ID_Continue}$]*\s*\(/u.test(source) && !/^async\s*\*/.test(source)) return source
  }
  return `Object.values({ ${source} })[0]`
}

const nowhere = { line: undefined, column: 0 }

/** Where a function stands in its file, if the text is there once: not in a file that was compiled while it was loaded. */
function placeOf(text: string, source: string, file: string): { line: number | undefined; column: number } {
  let whole: string
  try {
    whole = readFileSync(file.startsWith('file:') ? fileURLToPath(file) : file, 'utf8')
  } catch {
    return nowhere
  }
  const at = whole.indexOf(text)
  if (at < 0 || whole.indexOf(text, at + 1) >= 0) return nowhere
  const before = whole.slice(0, at).split('\n')
  return { line: before.length - 1, column: before.at(-1)!.length - source.indexOf(text) }
}

/** What compilers put beside a file for older versions of JavaScript. */
const COMPILER_HELPER =
  /^((?!__(dirname|filename)$)__[a-z]\w*|tslib(_\d+)?|_(async_?to_?generator|class_?private\w*|define_?property|object_?spread\w*))$/i

function inspect(what: string, shipped: ShippedFunction, source: string): void {
  const { name } = shipped
  try {
    compile(shipped)
  } catch (error) {
    const hint = /import\.meta/.test(source) ? '; import.meta is not available in a shipped function, use { module: import.meta.url }' : ''
    throw new GymnuraError('ERR_INVALID_ARGUMENT', `${what}: the source of ${name} does not stand alone (${String(error)})${hint}`, {
      cause: error,
    })
  }
  const free = freeVariables(source).filter((variable) => !(variable in globalThis) && !supplied.includes(variable))
  if (free.length === 0) return
  const names = free.map((variable) => `'${variable}'`).join(', ')
  if (free.every((variable) => COMPILER_HELPER.test(variable))) {
    throw new GymnuraError(
      'ERR_CAPTURED_VARIABLE',
      `${what}: ${name} uses ${names}, helpers that the compiler put outside it; compile for ES2022 or newer (tsconfig: target), ` +
        `or export ${name} from its module and give { module }`,
    )
  }
  throw new GymnuraError(
    'ERR_CAPTURED_VARIABLE',
    `${what}: ${name} uses ${names} from outside itself, which is not there in a worker. Either pass it as an argument ` +
      `(or import it inside the function), or export ${name} from its module and give { module: import.meta.url } (in CommonJS: pathToFileURL(__filename).href)`,
  )
}
