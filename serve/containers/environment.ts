import type { Limits } from './kinds.js'

/** What the command takes secrets from: a model's code has no business with them. */
const SECRET = /^GYMNURA_(.*_)?(TOKEN|PASSPHRASE)$/

/** What a container finds in its environment: the server's own, without its secrets, and what was given for it. */
export function environmentOf({ env }: Limits): NodeJS.ProcessEnv {
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET.test(name))), ...env }
}
