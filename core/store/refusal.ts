import { isGeneratorObject, isMap, isPromise, isSet } from 'node:util/types'
import { SerializationError } from '../api/errors.js'
import type { Attachment } from '../api/object-ref.js'

/** Thrown inside the encoder; who catches it knows the roots and can say where the value sits. */
export class Unserializable {
  constructor(
    readonly value: unknown,
    readonly reason: string,
  ) {}
}

export function reasonAgainst(value: object): string {
  if (value instanceof WebAssembly.Memory) return 'is a WebAssembly.Memory that is not shared; make it with { shared: true, maximum }'
  if (isPromise(value)) return 'is a Promise; await it first, or pass the ObjectRef'
  if (isGeneratorObject(value)) return 'is a generator; return [...it], or collect it into an array first'
  const name: unknown = value.constructor?.name
  return `is an instance of ${typeof name === 'string' && name !== '' ? name : 'a class'}; pass plain data, or build it inside the task`
}

/** Why memory of the program's does not go to another process. */
export const UNSHARED =
  "which a process cannot share: only threads have memory in common; pass a copy (slice()), or leave out runtime: 'process'"

export function sharedKind(object: Attachment['object']): string {
  if (object instanceof WebAssembly.Module) return 'WebAssembly.Module'
  return object instanceof WebAssembly.Memory ? 'WebAssembly.Memory' : 'SharedArrayBuffer'
}

/** The same for a value that was encoded before. */
export function refuseShared(attachments: readonly Attachment[], what: string): void {
  const shared = attachments.find(({ ours }) => !ours)
  if (shared !== undefined) throw new SerializationError(`${what} has a ${sharedKind(shared.object)} in it, ${UNSHARED}`)
}

/** An error met on the way, in the user's terms where it is the stack's end. */
export function tooDeep(error: unknown): unknown {
  if (!(error instanceof RangeError && /call stack/.test(error.message))) return error
  return new SerializationError('a value is nested too deeply to be carried to another thread', { cause: error })
}

/** Where `wanted` sits below the roots, as a person would write it: `args[0].callback`. Runs only after a refusal. */
export function pathTo(wanted: unknown, roots: readonly unknown[], nameOf: (index: number) => string): string {
  const seen = new Set<unknown>()
  const stack = roots.map((value, index): [unknown, string] => [value, nameOf(index)]).reverse()
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [value, path] = next
    if (Object.is(value, wanted)) return path
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    stack.push(...children(value, path).reverse())
  }
  return 'a value'
}

function children(value: object, path: string): [unknown, string][] {
  if (ArrayBuffer.isView(value)) return []
  if (Array.isArray(value)) return Object.entries(value).map(([index, item]) => [item, `${path}[${index}]`])
  if (isMap(value)) {
    return [...value].flatMap(([key, item]): [unknown, string][] => [
      [key, `a key of ${path}`],
      [item, `${path}.get(${typeof key === 'string' ? `'${key}'` : String(key)})`],
    ])
  }
  if (isSet(value)) return [...value].map((item) => [item, `an element of ${path}`])
  const own = Object.entries(value)
  if (value instanceof Error && value.cause !== undefined) own.push(['cause', value.cause])
  return own.map(([key, item]) => [item, /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `${path}.${key}` : `${path}['${key}']`])
}
