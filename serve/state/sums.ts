import type { Lesson, Sums } from './state.js'

/** What is known after a lesson: `before` and the lesson's numbers, name by name, and nobody too far below the best. */
export function taught(before: Sums, { sums, widestGap }: Pick<Lesson, 'sums' | 'widestGap'>): Sums {
  const after: Record<string, readonly number[]> = { ...before }
  let best = -Infinity
  for (const [name, numbers] of Object.entries(sums)) {
    const old = before[name] ?? []
    after[name] = numbers.map((number, i) => number + (old[i] ?? 0))
    best = Math.max(best, after[name]![0] ?? -Infinity)
  }
  for (const name of Object.keys(sums)) {
    const [first, ...rest] = after[name]!
    if (first! < best - widestGap) after[name] = [best - widestGap, ...rest]
  }
  return after
}
