/** What elements look like, checked where they are taken apart. */
import { InvalidElement } from '../errors.js'
import { shown } from '../shown.js'
import type { Space } from './space.js'

export function unfit(space: Space, element: unknown): InvalidElement {
  const given = ArrayBuffer.isView(element) ? `${shown(element)} of ${(element as Float64Array).length}` : shown(element)
  return new InvalidElement(`${given} is no element of ${space}`)
}

/** `element` as an array of `size` numbers. @throws InvalidElement */
export function arrayOf(space: Space, element: unknown, size: number): ArrayLike<number> {
  const isArray = Array.isArray(element) || ArrayBuffer.isView(element)
  if (!isArray || (element as unknown as ArrayLike<number>).length !== size) throw unfit(space, element)
  return element as unknown as ArrayLike<number>
}

/** `element` as a list of `length` parts. @throws InvalidElement */
export function listOf(space: Space, element: unknown, length: number): readonly unknown[] {
  if (!Array.isArray(element) || element.length !== length) throw unfit(space, element)
  return element
}

/** `element` as an object of named parts. @throws InvalidElement */
export function objectOf(space: Space, element: unknown): Readonly<Record<string, unknown>> {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) throw unfit(space, element)
  return element as Record<string, unknown>
}
