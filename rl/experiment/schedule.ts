/** A hyperparameter that may change over training: a constant, or a straight line from the first step to the last. */
export type Schedule = number | { readonly from: number; readonly to: number }

/** The schedule's value when `progress` (0 at the first step, 1 at the last) of training is done. */
export function scheduled(schedule: Schedule, progress: number): number {
  if (typeof schedule === 'number') return schedule
  const done = Math.min(Math.max(progress, 0), 1)
  return schedule.from + (schedule.to - schedule.from) * done
}
