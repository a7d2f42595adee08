/** Installs what is compared with, outside of this package: under $GYMNURA_PEERS, or in the OS's temp folder, kept for the next time. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

/** Node pools by name and version. */
export const POOLS = { piscina: '5.3.2', tinypool: '2.2.0', workerpool: '10.0.3' }
export type PoolPackage = keyof typeof POOLS

const execute = promisify(execFile)
export const folder = process.env.GYMNURA_PEERS ?? join(tmpdir(), 'gymnura-peers')
/** This package's own root: shell scripts and package.json are not compiled. */
const root = new URL('../../../../', import.meta.url)

export const rayCommand = (...args: string[]) => [fileURLToPath(new URL('bench/core/peers/ray.sh', root)), ...args]
export const rayEnvironment = { ...process.env, GYMNURA_PEERS: folder }

/** The version of Ray that is there now. Throws if it cannot be installed. */
export async function installRay(): Promise<string> {
  const { stdout } = await execute('bash', rayCommand('install'), { env: rayEnvironment })
  return stdout.trim().split(' ').at(-1)!
}

/** The URL of a module whose default export is the package's namespace. Throws if the package cannot be installed. */
export async function installPool(name: PoolPackage): Promise<string> {
  const home = join(folder, `${name}-${POOLS[name]}`)
  const entry = join(home, 'index.mjs')
  if (!existsSync(entry)) {
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'package.json'), '{ "private": true }\n')
    await execute('npm', ['install', '--no-audit', '--no-fund', '--prefix', home, `${name}@${POOLS[name]}`])
    // Last: it says that the installation is whole. Resolves the package from its own folder.
    writeFileSync(entry, `import * as all from '${name}'\nexport default all\n`)
  }
  return pathToFileURL(entry).href
}

/** Versions of this package and of comlink, which comes with it. */
export function ownVersions(): { gymnura: string; comlink: string; node: string } {
  const { version, dependencies } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'))
  return { gymnura: version, comlink: dependencies.comlink, node: process.version }
}
