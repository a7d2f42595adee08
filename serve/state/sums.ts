import type { Lesson, Sums } from './state.js'

/** What is known after a lesson: `before` and the lesson's numbers, name by name, and its arms no further apart than it says. */
export function taught(before: Sums, { sums, widestGap }: Pick<Lesson, 'sums' | 'widestGap'>): Sums {
  const after = new Map(before)
  let best = Number.NEGATIVE_INFINITY
  for (const [name, numbers] of sums) {
    const old = before.get(name) ?? []
    const now = numbers.map((number, i) => number + (old[i] ?? 0))
    after.set(name, now)
    best = Math.max(best, now[0] ?? best)
  }
  if (!Number.isFinite(widestGap)) return after
  for (const name of sums.keys()) {
    const [first = 0, ...rest] = after.get(name)!
    after.set(name, [Math.max(first - best, -widestGap), ...rest])
  }
  return after
}
