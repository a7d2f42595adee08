import { isNativeError } from 'node:util/types'
import { errorClasses } from '../api/errors.js'

type ErrorClass = { readonly name: string; readonly prototype: object }
const builtIn: readonly ErrorClass[] = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError]

/** The classes that errors arrive as; one of a user's class arrives as the nearest of them, with its own name. */
const byName = new Map<string, ErrorClass>([...builtIn, DOMException, ...Object.values(errorClasses)].map((type) => [type.name, type]))
const byPrototype = new Map<object, string>([...byName].map(([name, type]) => [type.prototype, name]))

export function isError(value: object): value is Error {
  return isNativeError(value) || value instanceof Error
}

/** The class that an error arrives as. */
export function baseOf(error: Error): string {
  for (let next: object | null = Object.getPrototypeOf(error); next !== null; next = Object.getPrototypeOf(next)) {
    const name = byPrototype.get(next)
    if (name !== undefined) return name
  }
  // Of another realm, or without a prototype.
  const name: unknown = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(error) ?? {}, 'name')?.value
  return builtIn.some((type) => type.name === name) ? String(name) : 'Error'
}

/** The names of the program's own classes that errors from other threads have, which are not theirs here. */
const foreign = new WeakMap<Error, readonly string[]>()

/** The names of an error's classes, from the nearest, down to the one that it arrives as in another thread. */
export function ownClasses(error: Error): readonly string[] {
  const known = foreign.get(error)
  if (known !== undefined) return known
  const names: string[] = []
  for (
    let next: object | null = Object.getPrototypeOf(error);
    next !== null && !byPrototype.has(next);
    next = Object.getPrototypeOf(next)
  ) {
    const type: unknown = Object.getOwnPropertyDescriptor(next, 'constructor')?.value
    const name: unknown = typeof type === 'function' ? Object.getOwnPropertyDescriptor(type, 'name')?.value : undefined
    if (typeof name === 'string' && name !== '') names.push(name)
  }
  return names
}

/** Whether an error, wherever it was thrown, is of a class of that name or of one derived from it. */
export function isNamed(error: Error, name: string): boolean {
  if (error.name === name || ownClasses(error).includes(name)) return true
  for (let next: object | null = Object.getPrototypeOf(error); next !== null; next = Object.getPrototypeOf(next))
    if (byPrototype.get(next) === name) return true
  return false
}

/** An error of one of the classes, with a name of its own if it had one, and without a stack of this thread. `classes`: what `ownClasses` gave where it comes from. */
export function blankError(base: string, name: string, message: string, classes: readonly string[]): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const error = base === 'DOMException' ? new DOMException(message, name) : new Error(message)
  Error.stackTraceLimit = limit
  const { prototype } = byName.get(base) ?? Error
  if (Object.getPrototypeOf(error) !== prototype) Object.setPrototypeOf(error, prototype)
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true })
  if (classes.length > 0) foreign.set(error, classes)
  return error
}
