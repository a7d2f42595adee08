import { readFileSync } from 'node:fs'

/** The version of this package: of the nearest package.json above, in the sources as in what is built of them. */
export function packageVersion(): string {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    try {
      return (JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { version: string }).version
    } catch {
      if (folder.pathname === '/') return 'unknown'
    }
  }
}
