import { FIELDS } from '../../selection/selection.js'
import type { Sums, Taught } from '../state.js'
import type { Reply } from './client.js'

/** What `HGETALL` gives: names and values in turns. */
export function* pairs(flat: Reply): Generator<[string, string]> {
  const list = flat as readonly string[]
  for (let i = 0; i < list.length; i += 2) yield [list[i]!, list[i + 1]!]
}

/** A standing's fields are "arm 0", "arm 1", …, and how many lessons they are made of. */
export function taughtBy(flat: Reply): Taught {
  const sums = new Map<string, number[]>()
  let lessons = 0
  for (const [field, value] of pairs(flat)) {
    const at = field.lastIndexOf(' ')
    if (at < 0) lessons = Number(value)
    else {
      const name = field.slice(0, at)
      const numbers = sums.get(name) ?? new Array<number>(FIELDS).fill(0)
      numbers[Number(field.slice(at + 1))] = Number(value)
      sums.set(name, numbers)
    }
  }
  return { sums, lessons }
}

/** What the script that learns adds: fields and numbers in turns. */
export const fieldsOf = (sums: Sums) =>
  [...sums].flatMap(([name, numbers]) => numbers.flatMap((number, i) => [`${name} ${i}`, String(number)]))
