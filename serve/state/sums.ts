import type { Lesson, Sums } from './state.js'

/** Of one name, which may be one that every object has. */
export const numbersOf = (sums: Sums, name: string): readonly number[] => (Object.hasOwn(sums, name) ? sums[name]! : [])

/** A table for any names. */
export const noSums = <Numbers extends readonly number[]>(): Record<string, Numbers> => Object.create(null)

/** What is known after a lesson: `before` and the lesson's numbers, name by name, and nobody too far below the best. */
export function taught(before: Sums, { sums, widestGap }: Pick<Lesson, 'sums' | 'widestGap'>): Sums {
  const after = Object.assign(noSums<readonly number[]>(), before)
  let best = -Infinity
  for (const [name, numbers] of Object.entries(sums)) {
    const old = numbersOf(before, name)
    after[name] = numbers.map((number, i) => number + (old[i] ?? 0))
    best = Math.max(best, after[name]![0] ?? -Infinity)
  }
  for (const name of Object.keys(sums)) {
    const [first, ...rest] = after[name]!
    if (first! < best - widestGap) after[name] = [best - widestGap, ...rest]
  }
  return after
}
