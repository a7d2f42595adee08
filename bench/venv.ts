/** Python packages to compare with: each set in a virtual environment of its own, under $GYMNURA_PEERS or the OS's temp folder, kept. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)
export const peersFolder = process.env.GYMNURA_PEERS ?? join(tmpdir(), 'gymnura-peers')
const INSTALL_LIMIT_MS = 900_000

/**
 * The Python that has the packages. Throws if they cannot be installed.
 *
 * @param pins what pip installs; the first one's version is the folder's
 */
export async function installVenv(name: string, pins: readonly string[]): Promise<string> {
  const home = join(peersFolder, `${name}-${pins[0]!.split('==')[1]}`)
  const python = join(home, 'bin', 'python')
  const done = join(home, 'installed')
  const text = `${pins.join('\n')}\n`
  if (existsSync(done) && readFileSync(done, 'utf8') === text) return python
  mkdirSync(peersFolder, { recursive: true })
  if (!existsSync(python)) await execute(process.env.PYTHON ?? 'python3.11', ['-m', 'venv', home])
  await execute(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...pins], { timeout: INSTALL_LIMIT_MS })
  // Last: it says that the installation is whole.
  writeFileSync(done, text)
  return python
}
