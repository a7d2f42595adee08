import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ServeError } from '../errors.js'

/** From where optional packages are looked up: from this package, then from where the program was started. */
const PLACES = [import.meta.url, pathToFileURL(join(process.cwd(), 'any.js')).href]

/** The first of the packages that is installed, and its name; undefined where none is. */
async function importFirst(packages: readonly string[]): Promise<readonly [name: string, module: unknown] | undefined> {
  for (const name of packages) {
    for (const place of PLACES) {
      let path: string
      try {
        path = createRequire(place).resolve(name)
      } catch {
        continue
      }
      const module = (await import(pathToFileURL(path).href)) as { default?: unknown }
      return [name, module.default ?? module]
    }
  }
  return undefined
}

/**
 * An optional package, found when it is needed: the first of `packages` that is installed.
 * @param what needs it, as a sentence begins
 * @throws ServeError `RUNTIME_MISSING`, with the line that installs it
 */
export async function requireRuntime(what: string, packages: readonly string[]): Promise<readonly [name: string, module: unknown]> {
  const found = await importFirst(packages)
  if (found !== undefined) return found
  throw new ServeError('RUNTIME_MISSING', `${what} needs ${packages.join(' or ')}: npm install ${packages.at(-1)}`)
}
