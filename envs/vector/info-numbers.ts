/**
 * Infos through shared memory: where all environments of a thread give numbers under the same keys, as MuJoCo's tasks do each step, the
 * keys are sent once and the numbers written to where both sides look. Sending objects would take as long as a step of a small robot.
 */
import type { Info } from '../env.js'

/** Keys that there is room for in each environment's row; infos with more are sent. */
export const INFO_KEYS = 16

/** The thread's side. */
export class InfoWriter {
  #keys: readonly string[] = []

  /** @param numbers a row of `INFO_KEYS` an environment */
  constructor(
    private readonly numbers: Float64Array,
    private readonly count: number,
  ) {}

  /** Writes the infos if they are of that kind. @returns the keys if they are others than last time, else none; null if nothing is written */
  write(infos: readonly (readonly [i: number, info: Info])[]): { infoKeys?: string[] } | null {
    if (infos.length !== this.count || infos.length === 0) return null
    const keys = this.#fits(infos[0]![1], this.#keys) ? this.#keys : Object.keys(infos[0]![1])
    if (keys.length > INFO_KEYS || !infos.every(([, info]) => this.#fits(info, keys))) return null
    for (const [i, info] of infos) {
      for (let k = 0; k < keys.length; k++) this.numbers[i * INFO_KEYS + k] = info[keys[k]!] as number
    }
    if (keys === this.#keys) return {}
    this.#keys = keys
    return { infoKeys: [...keys] }
  }

  #fits(info: Info, keys: readonly string[]): boolean {
    let k = 0
    for (const key in info) if (keys[k++] !== key || typeof info[key] !== 'number') return false
    return k === keys.length
  }
}
