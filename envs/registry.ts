/** The table of environments: what `make` and `makeVec` know how to build. */
import { Env, type EnvSpec } from './env.js'
import { didYouMean, type EnvId, formatEnvId, nearest, parseEnvId } from './env-id.js'
import { DeprecatedEnv, NameNotFound, NamespaceNotFound, RegistrationError, VersionNotFound } from './errors.js'
import { warn } from './logger.js'
import { shown } from './shown.js'
import { VectorEnv } from './vector/vector-env.js'

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
  checkFields(registration)
  const id = parseEnvId(registration.id)
  const { entryPoint = null, vectorEntryPoint = null, nativeEntryPoint = null } = registration
  for (const [name, entry] of Object.entries({ entryPoint, vectorEntryPoint, nativeEntryPoint })) {
    checkEntryPoint(`${name} of ${registration.id}`, entry, name === 'entryPoint' ? Env : VectorEnv)
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

const FIELDS = [
  'id',
  'entryPoint',
  'vectorEntryPoint',
  'nativeEntryPoint',
  'maxEpisodeSteps',
  'rewardThreshold',
  'nondeterministic',
  'orderEnforce',
  'disableEnvChecker',
  'kwargs',
  'additionalWrappers',
]
/** Those that follow from the id; a copy of a registered environment has them. */
const DERIVED_FIELDS = ['namespace', 'name', 'version']

function checkFields(registration: Registration): void {
  if (typeof registration !== 'object' || registration === null)
    throw new RegistrationError(`register takes { id, entryPoint, … }, got ${shown(registration)}`)
  for (const field of Object.keys(registration)) {
    if (FIELDS.includes(field) || DERIVED_FIELDS.includes(field)) continue
    throw new RegistrationError(`register has no field ${field}; it has ${FIELDS.join(', ')}.${didYouMean(field, FIELDS)}`)
  }
  const limit = registration.maxEpisodeSteps ?? -1
  if (!(Number.isInteger(limit) && (limit > 0 || limit === -1)))
    throw new RegistrationError(`maxEpisodeSteps of ${shown(registration.id)} must be a positive integer or null, got ${shown(limit)}`)
}

function checkEntryPoint(name: string, entry: unknown, base: typeof Env | typeof VectorEnv): void {
  if (entry === null) return
  if (typeof entry !== 'function') throw new RegistrationError(`${name} must be a class or a function, got ${shown(entry)}`)
  const isClass = /^class\b/.test(Function.prototype.toString.call(entry))
  if (isClass && !((entry.prototype as unknown) instanceof base))
    throw new RegistrationError(`${name} is the class ${entry.name || 'without a name'}, which does not extend ${base.name}`)
}

/** Outdated ids that were warned about already, with what was said instead of them: once in a process is enough. */
const warnedOf = new Set<string>()

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
  const warning = `${id} is out of date; consider ${latest.id}`
  if (registry.has(id) && parsed.version < latest.version! && !warnedOf.has(warning)) {
    warnedOf.add(warning)
    warn(warning)
  }
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
