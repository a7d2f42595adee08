/** What environments ask of the actions they are given. */
import { InvalidAction } from './errors.js'
import { shown } from './shown.js'

/** Refuses all but the numbers of `actions`, which are their meanings. @throws InvalidAction */
export function checkChoice(name: string, actions: readonly string[], action: number): void {
  if (Number.isInteger(action) && action >= 0 && action < actions.length) return
  const known = actions.map((meaning, i) => `${i} (${meaning})`).join(', ')
  throw new InvalidAction(`${name}'s actions are ${known}, got ${shown(action)}`)
}

/** The one number of an action, as a float32. @throws InvalidAction */
export function onlyNumber(name: string, action: ArrayLike<number>): number {
  const value = action?.length === 1 ? action[0] : undefined
  if (typeof value === 'number' && Number.isFinite(value)) return Math.fround(value)
  throw new InvalidAction(`an action of ${name} is one finite number in an array, such as [0.5], got ${shown(action)}`)
}
