import { closest } from 'fastest-levenshtein'
import { type GymnuraError, invalid } from './errors.js'

/** What await, printing and comparing look for on any object. */
const probes = new Set('then catch finally toJSON inspect nodeType tagName asymmetricMatch $$typeof'.split(' '))

/**
 * A prototype on which looking up a name that is not there throws `explain(object, name)`. It stands at the end of the chain, so
 * names that are there cost nothing. Symbols, and what await and printing look for, are simply not there.
 */
export function strictNames(base: object, explain: (object: object, name: string) => Error): object {
  return new Proxy(base, {
    get(target, name, object) {
      if (typeof name === 'symbol' || name in target || probes.has(name) || /^[@_]/.test(name)) return Reflect.get(target, name, object)
      throw explain(object, name)
    },
  })
}

export function noSuchMethod(of: string, name: string, methods: readonly string[]): GymnuraError {
  if (methods.length === 0) return invalid(`${of} has no method '${name}', nor any other`)
  return invalid(`${of} has no method '${name}'; did you mean .${closest(name, [...methods])}.remote()? (methods: ${methods.join(', ')})`)
}

/** For a call without `.remote`; `path` is what stands before it. */
export function notHere(name: string, path = ''): GymnuraError {
  return invalid(`${name} runs on another thread; call it as ${path}.remote(…), which gives a ref for get()`)
}

const functionNames = strictNames(Function.prototype, (made, name) => {
  const known = Object.keys(made)
  return invalid(`a remote function or class has no '${name}'; did you mean .${closest(name, known)}()? (known: ${known.join(', ')})`)
})

/** A function that cannot be called directly but only through its members, such as `remote`. */
export function remoteOnly<M extends object>(name: string, members: M): M {
  // Not an arrow function: `new` gets the same answer.
  function direct(): never {
    throw notHere(name)
  }
  return Object.assign(Object.setPrototypeOf(direct, functionNames), members)
}
