/** The table of environments: what `make` and `makeVec` know how to build. */
import { splitEntryPoint, withoutModule } from './entry-points.js'
import { Env } from './env.js'
import { didYouMean, type EnvId, formatEnvId, nearest, parseEnvId } from './env-id.js'
import { EnvSpec, type EnvSpecFields, type WrapperSpec } from './env-spec.js'
import { DeprecatedEnv, NameNotFound, NamespaceNotFound, OnlyInPython, RegistrationError, VersionNotFound } from './errors.js'
import { warn } from './logger.js'
import { onlyInPython, pythonEnv } from './python-envs.js'
import { shown } from './shown.js'
import { VectorEnv } from './vector/vector-env.js'

/** A class whose constructor takes one object of options, or a function of it. */
export type EntryPoint<E, K> = (new (kwargs: K) => E) | ((kwargs: K) => E)

/** An entry point, or its name 'module:Export' (see entry-points.ts), so that the module is imported only where the environment is made. */
type NamedEntryPoint<E, K> = EntryPoint<E, K> | string

/** A wrapper to put around an environment: as a spec, which JSON can hold, or as a function, which is called. */
export type AdditionalWrapper = WrapperSpec | ((env: Env) => Env)

interface EntryPoints {
  entryPoint: NamedEntryPoint<Env, never> | null
  /** Gymnasium's own vector version, with one random stream for all. */
  vectorEntryPoint: NamedEntryPoint<VectorEnv, never> | null
  /** A struct-of-arrays kernel that gives the numbers of the 'sync' mode. */
  nativeEntryPoint: NamedEntryPoint<VectorEnv, never> | null
}

/** What `register` takes; everything but the id and an entry point has a default. */
export interface Registration extends Omit<EnvSpecFields, 'additionalWrappers'>, Partial<EntryPoints> {
  additionalWrappers?: readonly AdditionalWrapper[]
  /** What `spec(id)` has for them; taken before `additionalWrappers`. */
  wrappers?: readonly AdditionalWrapper[]
}

/** A registered environment: its spec, and the ways to build it. */
export class RegisteredEnv extends EnvSpec implements EntryPoints {
  readonly entryPoint: NamedEntryPoint<Env, never> | null
  readonly vectorEntryPoint: NamedEntryPoint<VectorEnv, never> | null
  readonly nativeEntryPoint: NamedEntryPoint<VectorEnv, never> | null
  /** Those of the spec and functions, in the order in which they are put around. */
  readonly wrappers: readonly AdditionalWrapper[]

  constructor(registration: Registration) {
    // A copy of a registered environment has the functions too.
    const wrappers = registration.wrappers ?? registration.additionalWrappers ?? []
    super({ ...registration, additionalWrappers: wrappers.filter((wrapper) => typeof wrapper !== 'function') })
    this.entryPoint = registration.entryPoint ?? null
    this.vectorEntryPoint = registration.vectorEntryPoint ?? null
    this.nativeEntryPoint = registration.nativeEntryPoint ?? null
    this.wrappers = wrappers
  }
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
  registry.set(registration.id, new RegisteredEnv(registration))
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
const DERIVED_FIELDS = ['namespace', 'name', 'version', 'wrappers']

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
  if (typeof entry === 'string') {
    splitEntryPoint(entry)
    return
  }
  if (typeof entry !== 'function')
    throw new RegistrationError(`${name} must be a class, a function or 'module:Export', got ${shown(entry)}`)
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
export function findSpec(given: string): RegisteredEnv {
  const id = withoutModule(given)
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
  const known = namesakes(id)
  const python = known.length === 0 ? onlyInPython(id) : null
  if (python !== null) return new OnlyInPython(python)
  const all = [...registry.values()]
  const namespaces = new Set(all.flatMap((other) => other.namespace ?? []))
  if (namespace !== null && !namespaces.has(namespace)) {
    const hint = didYouMean(namespace, namespaces) || ' Was the module that registers it imported?'
    return new NamespaceNotFound(`no environment is registered in the namespace ${namespace}.${hint}`)
  }
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
  const inPython = namespace === null ? `, or ${pythonEnv('gymnasium', id)} if Python still has it` : ''
  return new DeprecatedEnv(`${asked} is no longer supported; use ${latest.id}${inPython}.`)
}

/** Everything that is registered, as text: by namespace, ids in columns (Gymnasium's `pprint_registry`). */
export function pprintRegistry({
  columns = 3,
  excludeNamespaces = [],
}: {
  columns?: number
  excludeNamespaces?: readonly string[]
} = {}): string {
  const namespaces = new Map<string, string[]>()
  for (const { id, namespace } of registry.values()) {
    const name = namespace ?? 'gymnura'
    namespaces.set(name, [...(namespaces.get(name) ?? []), id])
  }
  const width = Math.max(0, ...[...registry.keys()].map((id) => id.length)) + 1
  const shownNamespaces = [...namespaces].filter(([name]) => !excludeNamespaces.includes(name))
  return shownNamespaces
    .map(([name, ids]) => {
      const sorted = ids.sort()
      const rows = Array.from({ length: Math.ceil(sorted.length / columns) }, (_, row) => sorted.slice(row * columns, (row + 1) * columns))
      return [
        `===== ${name} =====`,
        ...rows.map((row) =>
          row
            .map((id) => id.padEnd(width))
            .join('')
            .trimEnd(),
        ),
      ].join('\n')
    })
    .join('\n')
}
