import { INPUT_TYPES, type InputType } from '../containers/element-types.js'
import { ServeError } from '../errors.js'
import { checkOptions, refuse } from '../refusals.js'
import { type SelectionOption, selectionPolicy } from '../selection/policies.js'
import type { ApplicationRecord, Json } from '../state/state.js'

/** What `registerApplication` takes. */
export interface ApplicationOptions {
  /** 1 to 128 letters, digits, `.`, `_` or `-`. */
  name: string
  /** What queries carry; default 'floats'. */
  inputType?: InputType
  /** The output when no prediction is there in time; any JSON value. */
  defaultOutput: Json
  /** Every query is answered within this many milliseconds; default 100. */
  sloMs?: number
  /** How linked models are chosen and combined, by name or as `{ policy, … }`; default 'fixed', the first link alone. */
  selection?: SelectionOption
  /**
   * Below this confidence (0 to 1) a prediction is not given, but the default, and the answer says so. Default 0: never. Confidence is
   * how far the members of an ensemble agree; a model that answers alone has 1.
   */
  confidenceThreshold?: number
  /** The worst and the best reward that feedback may give; default [0, 1]. */
  rewardRange?: readonly [low: number, high: number]
  /**
   * What becomes of queries that cannot be answered in time when there are too many: 'default' (the default), the default output at
   * their deadline; 'shed', at once 503 with Retry-After, so that clients slow down.
   */
  overload?: 'default' | 'shed'
}

/** (`.` and `..` are taken away from URLs before they are sent.) */
const NAME = /^(?!\.{1,2}$)[\w.-]{1,128}$/
/** First segments of other APIs' paths. */
const RESERVED = ['admin', 'v1', 'v2', 'metrics']
export const LONGEST_SLO_MS = 3_600_000
const MOST_REPLICAS = 64

export const DEFAULT_SLO_MS = 100
const DEFAULT_SELECTION = 'fixed'

export const isSlo = (ms: unknown) => typeof ms === 'number' && ms > 0 && ms <= LONGEST_SLO_MS

export function checkName(what: string, name: unknown): string {
  if (typeof name !== 'string' || !NAME.test(name)) refuse(what, name, '1 to 128 letters, digits, ".", "_" or "-", and not "." or ".."')
  if (RESERVED.includes(name)) refuse(what, name, `a name other than ${RESERVED.join(', ')}, which are paths of the server`)
  return name
}

/** `model`, or `model:version`. */
export function checkLink(link: unknown): string {
  const [model, version, ...more] = typeof link === 'string' ? link.split(':') : [link]
  checkName('model', model)
  if (version !== undefined) checkVersion(version)
  return more.length === 0 ? (link as string) : refuse('model', link, 'a name, or "name:version"')
}

export function checkVersion(version: unknown): string {
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 0) return String(version)
  if (typeof version === 'string' && NAME.test(version)) return version
  return refuse('version', version, 'a whole number, or a string of letters, digits, ".", "_" or "-"')
}

/** A copy of a JSON value. JSON itself would write null for NaN, leave out functions, and throw for circles and BigInts. */
function jsonCopy(what: string, value: Json): Json {
  const check = (_key: string, part: unknown) => {
    const fits = typeof part === 'number' ? Number.isFinite(part) : ['string', 'boolean', 'object'].includes(typeof part)
    if (!fits) refuse(Object.is(part, value) ? what : `a part of ${what}`, part, 'a JSON value')
    return part
  }
  try {
    return JSON.parse(JSON.stringify(value, check)) as Json
  } catch (error) {
    if (error instanceof ServeError) throw error
    return refuse(what, value, `a JSON value (${(error as Error).message.split('\n')[0]})`)
  }
}

/** @throws ServeError `SERVE_OPTION` */
export function checkApplication(options: ApplicationOptions): Omit<ApplicationRecord, 'models'> {
  const known = ['name', 'inputType', 'defaultOutput', 'sloMs', 'selection', 'confidenceThreshold', 'rewardRange', 'overload'] as const
  const given = checkOptions<ApplicationOptions>('registerApplication', options, known)
  const {
    inputType = 'floats',
    sloMs = DEFAULT_SLO_MS,
    selection = DEFAULT_SELECTION,
    confidenceThreshold = 0,
    rewardRange = [0, 1],
    overload = 'default',
  } = given
  const name = checkName('name', given.name)
  if (!INPUT_TYPES.includes(inputType)) refuse('inputType', inputType, INPUT_TYPES.join(', '))
  if (overload !== 'default' && overload !== 'shed') refuse('overload', overload, '"default" or "shed"')
  if (!isSlo(sloMs)) refuse('sloMs', sloMs, `more than 0, up to ${LONGEST_SLO_MS}`)
  // Made to see whether it can be.
  selectionPolicy(selection)
  const isShare = typeof confidenceThreshold === 'number' && confidenceThreshold >= 0 && confidenceThreshold <= 1
  if (!isShare) refuse('confidenceThreshold', confidenceThreshold, 'a number from 0 to 1')
  const defaultOutput = jsonCopy('defaultOutput', given.defaultOutput)
  const isRange =
    Array.isArray(rewardRange) && rewardRange.length === 2 && rewardRange.every(Number.isFinite) && rewardRange[0] < rewardRange[1]
  if (!isRange) refuse('rewardRange', rewardRange, '[low, high], two numbers, low below high')
  const range = [rewardRange[0], rewardRange[1]] as const
  return {
    name,
    inputType,
    defaultOutput,
    sloMs,
    rewardRange: range,
    selection: jsonCopy('selection', selection as Json),
    confidenceThreshold,
    overload,
  }
}

export function checkReplicas(replicas: unknown): void {
  const fits = Number.isInteger(replicas) && (replicas as number) >= 1 && (replicas as number) <= MOST_REPLICAS
  if (!fits) refuse('replicas', replicas, `1 to ${MOST_REPLICAS}`)
}
