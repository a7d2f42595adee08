/**
 * Classes of the runtime's own whose instances can travel: each is packed into a plain value, and made again from it on the
 * other side. The modules that define them say so here, so that the encoding need not know them.
 */
interface Carried<T extends object, Packed> {
  readonly name: string
  readonly type: new (...args: never[]) => T
  pack(value: T): Packed
  unpack(packed: Packed): T
}

const byPrototype = new Map<object, Carried<object, unknown>>()
const byName = new Map<string, Carried<object, unknown>>()

export function carry<T extends object, Packed>(carried: Carried<T, Packed>): void {
  const known = carried as unknown as Carried<object, unknown>
  byPrototype.set(carried.type.prototype, known)
  byName.set(carried.name, known)
}

export function carriedBy(prototype: object | null): Carried<object, unknown> | undefined {
  return prototype === null ? undefined : byPrototype.get(prototype)
}

export function carriedAs(name: string): Carried<object, unknown> | undefined {
  return byName.get(name)
}
