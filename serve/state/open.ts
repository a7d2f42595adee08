import { refuse } from '../refusals.js'
import { MemoryState } from './memory.js'
import { withoutCredentials } from './redis/address.js'
import type { State } from './state.js'

const FILE = 'file:'
const REDIS = /^rediss?:\/\//

/**
 * 'memory', which ends with the process, `file:FOLDER`, on this machine's disk, or `redis://HOST`, shared by several frontends.
 * @throws ServeError `SERVE_OPTION`, `STATE_IN_USE`, `STATE_FOLDER`, `RUNTIME_MISSING`, `STATE_UNREACHABLE`
 */
export async function openState(option: unknown): Promise<State> {
  if (option === 'memory') return new MemoryState()
  if (typeof option === 'string' && option.startsWith(FILE) && option.length > FILE.length) {
    const folder = option.slice(FILE.length)
    if (/^~(\/|$)/.test(folder))
      refuse('state', option, `a folder as it is called: nobody expands "~" here; write "file:$HOME${folder.slice(1)}"`)
    if (/^\/\/[^/]/.test(folder)) refuse('state', option, `"file:FOLDER", such as "file:./state", or a whole path: "file:///var/state"`)
    // Loaded where it is wanted: the native part of LMDB takes some milliseconds, and not every platform has it.
    const { FileState } = await import('./embedded.js')
    return FileState.open(folder)
  }
  if (typeof option === 'string' && REDIS.test(option)) {
    const { RedisState } = await import('./redis/redis.js')
    return RedisState.open(option)
  }
  const given = typeof option === 'string' ? withoutCredentials(option) : option
  return refuse('state', given, '"memory", "file:FOLDER" such as "file:./state", or "redis://HOST" such as "redis://127.0.0.1:6379"')
}
