/** The table of environments: what `make` and `makeVec` know how to build. */
import type { Env, EnvSpec } from './env.js'
import { didYouMean, type EnvId, formatEnvId, nearest, parseEnvId } from './env-id.js'
import { DeprecatedEnv, NameNotFound, NamespaceNotFound, RegistrationError, VersionNotFound } from './errors.js'
import { warn } from './logger.js'
import type { VectorEnv } from './vector/vector-env.js'

/** A class whose constructor takes one object of options, or a function of it. */
export type EntryPoint<E, K> = (new (kwargs: K) => E) | ((kwargs: K) => E)

/** A registered environment: its spec, and the ways to build it. */
export interface RegisteredEnv extends EnvSpec {
  entryPoint: EntryPoint<Env, never> | null
  /** Gymnasium's own vector version, with one random stream for all. */
  vectorEntryPoint: EntryPoint<VectorEnv, never> | null
  /** A struct-of-arrays kernel that gives the numbers of the 'sync' mode. */
  nativeEntryPoint: EntryPoint<VectorEnv, never> | null
  additionalWrappers: readonly ((env: Env) => Env)[]
}

/** What `register` takes; everything but the id and an entry point has a default. */
export interface Registration extends Partial<Omit<RegisteredEnv, 'id' | 'namespace' | 'name' | 'version'>> {
  id: string
}

/** All registered environments by id. */
export const registry: Map<string, RegisteredEnv> = new Map()

/**
 * Makes an environment known: `register({ id: 'Corridor-v0', entryPoint: Corridor, maxEpisodeSteps: 20 })`.
 * An id that is already taken is replaced, with a warning.
 *
 * @throws RegistrationError without an entry point, or where versioned and unversioned environments of one name would meet
 */
export function register(registration: Registration): void {
  const id = parseEnvId(registration.id)
  const { entryPoint = null, vectorEntryPoint = null, nativeEntryPoint = null } = registration
  for (const [name, entry] of Object.entries({ entryPoint, vectorEntryPoint, nativeEntryPoint })) {
    if (entry !== null && typeof entry !== 'function')
      throw new RegistrationError(`${name} of ${registration.id} must be a class or a function, got ${typeof entry}`)
  }
  if (entryPoint === null && vectorEntryPoint === null)
    throw new RegistrationError(`${registration.id} needs an entryPoint: a class or a function that makes it`)
  for (const other of namesakes(id)) {
    if ((other.version === null) !== (id.version === null)) {
      throw new RegistrationError(`${registration.id} and ${other.id} cannot both be registered: give both a version, or neither`)
    }
  }
  if (registry.has(registration.id)) warn(`${registration.id} is registered already and is replaced`)
  registry.set(registration.id, {
    rewardThreshold: null,
    maxEpisodeSteps: null,
    nondeterministic: false,
    orderEnforce: true,
    disableEnvChecker: false,
    kwargs: {},
    additionalWrappers: [],
    ...registration,
    ...id,
    entryPoint,
    vectorEntryPoint,
    nativeEntryPoint,
  })
}

/**
 * Looks an id up, exactly.
 *
 * @throws NamespaceNotFound, NameNotFound, VersionNotFound, DeprecatedEnv — each with what to write instead
 */
export function spec(id: string): RegisteredEnv {
  const found = registry.get(id)
  if (found) return found
  throw explain(parseEnvId(id))
}

/** Looks an id up as `make` does: without a version the latest is taken, an outdated one is warned about. */
export function findSpec(id: string): RegisteredEnv {
  const parsed = parseEnvId(id)
  const latest = highestVersion(parsed)
  if (latest === null) return spec(id)
  if (parsed.version === null) {
    warn(`${id} has no version; the latest, ${latest.id}, is used`)
    return latest
  }
  if (registry.has(id) && parsed.version < latest.version!) warn(`${id} is out of date; consider ${latest.id}`)
  return spec(id)
}

/** The plain part of a registered environment. */
export function toEnvSpec(registered: RegisteredEnv): EnvSpec {
  const { entryPoint: _, vectorEntryPoint: _vector, nativeEntryPoint: _native, additionalWrappers: _wrappers, ...plain } = registered
  return plain
}

/** Calls a class with `new` and a function without. */
export function build<E extends object, K>(entryPoint: EntryPoint<E, never>, base: abstract new (...args: never) => E, kwargs: K): E {
  return entryPoint.prototype instanceof base
    ? new (entryPoint as new (kwargs: K) => E)(kwargs)
    : (entryPoint as unknown as (kwargs: K) => E)(kwargs)
}

function namesakes({ namespace, name }: EnvId): RegisteredEnv[] {
  return [...registry.values()].filter((other) => other.namespace === namespace && other.name === name)
}

function highestVersion(id: EnvId): RegisteredEnv | null {
  return namesakes(id)
    .filter((other) => other.version !== null)
    .reduce<RegisteredEnv | null>((best, other) => (best === null || other.version! > best.version! ? other : best), null)
}

function explain(id: EnvId): Error {
  const { namespace, name, version } = id
  const all = [...registry.values()]
  const namespaces = new Set(all.flatMap((other) => other.namespace ?? []))
  if (namespace !== null && !namespaces.has(namespace)) {
    const hint = didYouMean(namespace, namespaces) || ' Was the module that registers it imported?'
    return new NamespaceNotFound(`no environment is registered in the namespace ${namespace}.${hint}`)
  }
  const known = namesakes(id)
  if (known.length === 0) {
    const here = all.filter((other) => other.namespace === namespace)
    const near = nearest(name, new Set(here.map((other) => other.name)))
    // A whole id, that can be pasted.
    const meant = here.filter((other) => other.name === near).at(-1)?.id
    const hint = meant
      ? `Did you mean ${meant}?`
      : `Registered: ${here.map((other) => other.id).join(', ') || 'none'}; add others with register().`
    return new NameNotFound(`no environment is called ${name}. ${hint}`)
  }
  const asked = formatEnvId(id)
  const latest = highestVersion(id)
  if (latest === null) return new DeprecatedEnv(`${asked} does not exist; ${known[0]!.id} has no versions. Use ${known[0]!.id}.`)
  if (version === null || version > latest.version!) {
    const versions = known.map((other) => other.id).join(', ')
    return new VersionNotFound(`${asked} does not exist; there is ${versions}.`)
  }
  return new DeprecatedEnv(`${asked} is no longer supported; use ${latest.id}.`)
}
