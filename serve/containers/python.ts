import { fileURLToPath } from 'node:url'
import type { ContainerSettings } from './kinds.js'
import type { ContainerCommand } from './process-host.js'

const SDK = fileURLToPath(new URL('./python/gymnura_container.py', import.meta.url))
const INTERPRETER = process.platform === 'win32' ? 'python' : 'python3'

/** How to run a model in Python: the SDK, which gets the model's source over its connection. */
export function pythonCommand({ python = INTERPRETER }: Pick<ContainerSettings, 'python'>): ContainerCommand {
  return { command: python, args: ['-u', SDK] }
}
