import { fileURLToPath } from 'node:url'
import type { ProcessCommand } from './process.js'

const MAIN = fileURLToPath(new URL('./policy-main.js', import.meta.url))

/** How to run a policy in a process of its own. */
export function policyCommand(model: string, artifact: Uint8Array): ProcessCommand {
  return { command: process.execPath, args: [MAIN], artifact, model }
}
