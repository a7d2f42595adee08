/** Reads of saved states, which may come from a broken or foreign file: each either gives what it should, or throws ENVS_INVALID_STATE. */
import { EnvError } from './errors.js'
import { shown } from './shown.js'

export type SavedObject = Record<string, unknown>

export function invalidState(message: string, cause?: unknown): EnvError {
  return new EnvError('ENVS_INVALID_STATE', message, cause === undefined ? undefined : { cause })
}

export function isSavedObject(value: unknown): value is SavedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A non-negative integer written as text, decimal or 0x…. */
export function integerFromState(text: unknown, name: string): bigint {
  if (typeof text === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(text)) return BigInt(text)
  throw invalidState(`${name} of a saved state is an integer written as text, got ${shown(text)}`)
}

/** The list of `length` numbers under `name`. */
export function numbersFromState(own: SavedObject, name: string, length: number): number[] {
  const list = own[name]
  if (!Array.isArray(list) || list.length !== length) {
    throw invalidState(
      `${name} of a saved state is a list of ${length}, got ${Array.isArray(list) ? `a list of ${list.length}` : shown(list)}`,
    )
  }
  const at = list.findIndex((value) => typeof value !== 'number')
  if (at >= 0) throw invalidState(`${name} of a saved state holds numbers only, got ${shown(list[at])} at index ${at}`)
  return list as number[]
}

/** As `numbersFromState`, of integers. */
export function integersFromState(own: SavedObject, name: string, length: number): number[] {
  const list = numbersFromState(own, name, length)
  const at = list.findIndex((value) => !Number.isInteger(value))
  if (at >= 0) throw invalidState(`${name} of a saved state holds integers only, got ${shown(list[at])} at index ${at}`)
  return list
}

/**
 * Loads all or nothing: where `load` throws, `restore` is called and the error, whatever it was, becomes ENVS_INVALID_STATE.
 * A state may be of the right form and yet be refused by a variable deep inside.
 */
export function loadOrRestore(load: () => void, restore: () => void): void {
  try {
    load()
  } catch (error) {
    restore()
    if (error instanceof EnvError && error.code === 'ENVS_INVALID_STATE') throw error
    throw invalidState(`the state cannot be loaded: ${error instanceof Error ? error.message : shown(error)}`, error)
  }
}
