import { types } from 'node:util'
import { viewClasses } from './tags.js'

/*
 * What a value is, by its brand and not by this thread's classes: a value made in another realm (a vm context) has classes
 * of its own with the same names. An instance of a user's subclass has a longer chain of prototypes than the built-in.
 */

/** The name in the class tag of a typed array; undefined for anything else. */
const nameOfView = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!
const kinds = new Map<unknown, number>(viewClasses.map((type, kind) => [type.name, kind]))

/** A view's place in the table of kinds; −1 for a subclass's instance, and for a kind that the table lacks. */
export function viewKind(view: ArrayBufferView): number {
  const prototype = Object.getPrototypeOf(view)
  if (types.isDataView(view)) return depth(prototype) === 2 ? kinds.get('DataView')! : -1
  if (depth(prototype) !== 3 && prototype !== Buffer.prototype) return -1
  return kinds.get(nameOfView.call(view)) ?? -1
}

/** Whether a Map, Set or Date is one itself, and not of a subclass. */
export function isBuiltIn(value: object): boolean {
  return depth(Object.getPrototypeOf(value)) === 2
}

/** Whether objects with this prototype are plain: it is null, or the `Object.prototype` of some realm. */
export function isPlain(prototype: object | null): boolean {
  return prototype === null || (depth(prototype) === 1 && Object.hasOwn(prototype, 'isPrototypeOf'))
}

/** Only an empty buffer can be a detached one. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}

function depth(prototype: object | null): number {
  let count = 0
  for (let next = prototype; next !== null; next = Object.getPrototypeOf(next)) count++
  return count
}
