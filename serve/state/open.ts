import { refuse } from '../refusals.js'
import { MemoryState } from './memory.js'
import type { State } from './state.js'

const FILE = 'file:'

/**
 * 'memory', which ends with the process, or `file:FOLDER`, on this machine's disk.
 * @throws ServeError `SERVE_OPTION`, `STATE_IN_USE`, `STATE_FOLDER`
 */
export async function openState(option: unknown): Promise<State> {
  if (option === 'memory') return new MemoryState()
  if (typeof option === 'string' && option.startsWith(FILE) && option.length > FILE.length) {
    // Loaded where it is wanted: the native part of LMDB takes some milliseconds, and not every platform has it.
    const { FileState } = await import('./embedded.js')
    return FileState.open(option.slice(FILE.length))
  }
  return refuse('state', option, '"memory", or "file:FOLDER" such as "file:./state"')
}
