/** What is known of an environment besides its class, and how to make it again: by `make(spec)`, also from JSON. */
import { type EnvId, parseEnvId } from './env-id.js'
import { RegistrationError } from './errors.js'
import { shown } from './shown.js'

/** A wrapper as a spec remembers it. */
export interface WrapperSpec {
  name: string
  /** 'module:Export', null for a class that nobody has named by `registerEntryPoint`. */
  entryPoint: string | null
  /** The options it was made with; null where the class does not pass them to `Wrapper`, so that it cannot be made again. */
  kwargs: Record<string, unknown> | null
}

export interface EnvSpecFields {
  id: string
  /** The mean return at which the task counts as solved. */
  rewardThreshold?: number | null
  /** True where the same seed and actions may give another trajectory. */
  nondeterministic?: boolean
  /** Steps after which an episode is truncated. */
  maxEpisodeSteps?: number | null
  orderEnforce?: boolean
  disableEnvChecker?: boolean
  /** Options passed to the constructor. */
  kwargs?: Record<string, unknown>
  /** Put around the environment after Gymnasium's own stack, innermost first. */
  additionalWrappers?: readonly WrapperSpec[]
}

const DEFAULTS = {
  rewardThreshold: null,
  nondeterministic: false,
  maxEpisodeSteps: null,
  orderEnforce: true,
  disableEnvChecker: false,
} as const

export class EnvSpec implements EnvId {
  readonly id: string
  readonly namespace: string | null
  readonly name: string
  readonly version: number | null
  readonly rewardThreshold: number | null
  readonly nondeterministic: boolean
  readonly maxEpisodeSteps: number | null
  readonly orderEnforce: boolean
  readonly disableEnvChecker: boolean
  readonly kwargs: Record<string, unknown>
  readonly additionalWrappers: readonly WrapperSpec[]

  /** @throws EnvError (ENVS_MALFORMED_ID) */
  constructor(fields: EnvSpecFields) {
    const { namespace, name, version } = parseEnvId(fields.id)
    this.id = fields.id
    this.namespace = namespace
    this.name = name
    this.version = version
    this.rewardThreshold = fields.rewardThreshold ?? DEFAULTS.rewardThreshold
    this.nondeterministic = fields.nondeterministic ?? DEFAULTS.nondeterministic
    this.maxEpisodeSteps = fields.maxEpisodeSteps ?? DEFAULTS.maxEpisodeSteps
    this.orderEnforce = fields.orderEnforce ?? DEFAULTS.orderEnforce
    this.disableEnvChecker = fields.disableEnvChecker ?? DEFAULTS.disableEnvChecker
    this.kwargs = fields.kwargs ?? {}
    this.additionalWrappers = fields.additionalWrappers ?? []
  }

  /** A copy with some fields changed. */
  with(changes: Partial<EnvSpecFields>): EnvSpec {
    return new EnvSpec({ ...this, ...changes })
  }

  /** What `JSON.stringify` writes. @throws RegistrationError where an option is a function, which JSON cannot hold */
  toJSON(): EnvSpecFields {
    refuseFunctions(this.id, this.kwargs)
    for (const { name, kwargs } of this.additionalWrappers) refuseFunctions(name, kwargs ?? {})
    const { id, rewardThreshold, nondeterministic, maxEpisodeSteps, orderEnforce, disableEnvChecker, kwargs, additionalWrappers } = this
    return { id, rewardThreshold, nondeterministic, maxEpisodeSteps, orderEnforce, disableEnvChecker, kwargs, additionalWrappers }
  }

  /** Reads what `JSON.stringify(spec)` wrote, from text or an object. @throws RegistrationError naming what is wrong */
  static fromJSON(json: unknown): EnvSpec {
    let fields = json
    if (typeof json === 'string') {
      try {
        fields = JSON.parse(json)
      } catch (cause) {
        throw new RegistrationError(`not the JSON of a spec: ${(cause as Error).message}`)
      }
    }
    if (typeof fields !== 'object' || fields === null || typeof (fields as { id?: unknown }).id !== 'string') {
      throw new RegistrationError(`the JSON of a spec is an object with an id, got ${shown(fields)}`)
    }
    const known = new EnvSpec(fields as EnvSpecFields)
    for (const wrapper of known.additionalWrappers) {
      if (typeof wrapper?.name !== 'string' || !('entryPoint' in wrapper) || !('kwargs' in wrapper)) {
        throw new RegistrationError(`additionalWrappers of ${known.id} holds { name, entryPoint, kwargs }, got ${shown(wrapper)}`)
      }
    }
    return known
  }

  /** A line for each field that is not as usual; with `all`, for each. */
  pprint({ all = false }: { all?: boolean } = {}): string {
    const lines = [`id=${this.id}`]
    for (const [name, usual] of Object.entries(DEFAULTS)) {
      const value = this[name as keyof typeof DEFAULTS]
      if (all || value !== usual) lines.push(`${name}=${value}`)
    }
    if (all || Object.keys(this.kwargs).length > 0) lines.push(`kwargs=${JSON.stringify(this.kwargs)}`)
    if (all || this.additionalWrappers.length > 0) {
      const wrappers = this.additionalWrappers.map(({ name, kwargs }) => `${name}(${JSON.stringify(kwargs)})`)
      lines.push(`additionalWrappers=[${wrappers.join(', ')}]`)
    }
    return lines.join('\n')
  }
}

function refuseFunctions(owner: string, kwargs: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(kwargs)) {
    if (typeof value === 'function') {
      throw new RegistrationError(`the spec of ${owner} cannot be written as JSON: its option ${name} is a function`)
    }
  }
}
