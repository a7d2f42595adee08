/** What `reset` and `step` of several environments are given, checked and brought into one form. */
import { InvalidKwargs } from '../errors.js'
import { type Seed, seedPlus } from '../seeding.js'
import { shown } from '../shown.js'
import type { DtypeArray } from '../spaces/index.js'

/** Seeds of the environments: seed + i, or their own of a list; none for null. @throws InvalidKwargs */
export function memberSeeds(numEnvs: number, seed: Seed | null | undefined | readonly (Seed | null)[]): (Seed | undefined)[] {
  if (typeof seed === 'object' && seed !== null) {
    if (seed.length !== numEnvs) throw new InvalidKwargs(`${numEnvs} environments need as many seeds, got ${seed.length ?? shown(seed)}`)
    return Array.from(seed, (own) => (own === null || own === undefined ? undefined : seedPlus(own, 0)))
  }
  return Array.from({ length: numEnvs }, (_, i) => (seed === undefined || seed === null ? undefined : seedPlus(seed, i)))
}

/** @throws InvalidKwargs */
export function memberMask(numEnvs: number, given: ArrayLike<number | boolean> | undefined): Uint8Array | null {
  if (given === undefined || given === null) return null
  if (given.length !== numEnvs) throw new InvalidKwargs(`resetMask needs ${numEnvs} values, got ${given.length ?? shown(given)}`)
  return Uint8Array.from(given, (value, i) => {
    if (value === 1 || value === true) return 1
    if (value === 0 || value === false) return 0
    throw new InvalidKwargs(
      `resetMask holds 1 or true for an environment to reset and 0 or false for others, got ${shown(value)} for environment ${i}`,
    )
  })
}

/** Where to write observations: the array given, if it fits, or the own one. @throws InvalidKwargs */
export function targetFor<Obs>(own: Obs, out: Obs | undefined, offset: number): Obs {
  if (out === undefined && offset === 0) return own
  if (!ArrayBuffer.isView(own))
    throw new InvalidKwargs(`only observations that are one array can be written elsewhere; these are ${shown(own)}`)
  const [given, array] = [out as DtypeArray | undefined, own as unknown as DtypeArray]
  const fits = given?.constructor === array.constructor && Number.isInteger(offset) && offset >= 0 && given.length >= offset + array.length
  if (fits) return out as Obs
  const what = given?.constructor === array.constructor ? `one of ${given.length}` : shown(out)
  throw new InvalidKwargs(
    `observations are written to a ${array.constructor.name} out, ${array.length} numbers from a whole offset; got ${what} and offset ${shown(offset)}`,
  )
}
