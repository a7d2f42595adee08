import { closest } from 'fastest-levenshtein'
import { type Demand, demandOf, optionFor, type ResourceOptions } from '../scheduler/demand.js'
import { groupLabel, type Strategy, strategies } from '../scheduler/placement-groups.js'
import type { Place } from '../scheduler/resources.js'
import { carry } from '../store/carried.js'
import { count, GetTimeoutError, GymnuraError, invalid, shutDown } from './errors.js'
import { checkOptions } from './options.js'

/** What carries out the calls below: the engine of this thread. */
export interface PlacementGroups {
  /** Returns the new group's id. What can never be had is told by `ready`. */
  create(bundles: readonly Demand[], strategy: Strategy, name: string | undefined): number
  ready(id: number): Promise<void>
  remove(id: number): Promise<void>
}

/** `start`: whether the runtime is started if there is none; else there may be none. */
type Supply = (start: boolean) => PlacementGroups | undefined

let groups: Supply = () => {
  throw new GymnuraError('ERR_INIT', "the runtime is not loaded: import it from 'gymnura'")
}

/** Called once a thread, when its engine is known. */
export function setPlacementGroups(supply: Supply): void {
  groups = supply
}

/** Resources set aside for tasks and actors that run together. Can be passed to tasks and actors. */
export class PlacementGroup {
  /** @internal Use `placementGroup()`. */
  constructor(
    readonly id: number,
    /** What each bundle holds, as it was asked for. */
    readonly bundles: readonly ResourceOptions[],
    readonly strategy: Strategy,
    readonly name: string | undefined,
  ) {}

  /**
   * Resolves once all bundles have their resources. Throws ResourcesUnavailableError if that can never be or the group is
   * removed, GetTimeoutError after `timeoutMs`, and ERR_SHUTDOWN after `shutdown`.
   */
  async ready(options: { timeoutMs?: number } = {}): Promise<void> {
    checkOptions('get', 'ready', options)
    const { timeoutMs } = options
    const running = groups(false)
    if (running === undefined) throw shutDown()
    const made = running.ready(this.id)
    if (timeoutMs === undefined) return made
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const error = new GetTimeoutError(
        `ready: ${groupLabel(this.id, this.name)} had no room for its ${count(this.bundles.length, 'bundle')} within ${timeoutMs} ms`,
      )
      timer = setTimeout(reject, timeoutMs, error)
    })
    try {
      await Promise.race([made, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Gives the resources back. Tasks and actors that still run in the group are ended, as in Ray. Nothing happens a second time, or after `shutdown`. */
  async remove(): Promise<void> {
    await groups(false)?.remove(this.id)
  }
}

carry({
  name: 'PlacementGroup',
  type: PlacementGroup,
  pack: ({ id, bundles, strategy, name }) => ({ id, bundles, strategy, name }),
  unpack: ({ id, bundles, strategy, name }) => new PlacementGroup(id, Object.freeze(bundles.map(Object.freeze)), strategy, name),
})

/**
 * Sets resources aside, for all bundles or for none: `ready()` tells when. Tasks and actors use them by their options
 * `placementGroup` and `bundleIndex`. Returns at once; throws only for bad arguments.
 *
 *     const group = placementGroup([{ numCpus: 1 }, { numCpus: 1, resources: { camera: 1 } }])
 *     await group.ready()
 *     await get(look.options({ placementGroup: group, bundleIndex: 1 }).remote())
 *     await group.remove()
 *
 * @param options `strategy`: 'PACK' (default), 'SPREAD', 'STRICT_PACK' or 'STRICT_SPREAD'; one machine has room for a single
 *   bundle of STRICT_SPREAD and treats the others alike. `name` is shown in errors.
 */
export function placementGroup(bundles: readonly ResourceOptions[], options: { strategy?: Strategy; name?: string } = {}): PlacementGroup {
  if (!Array.isArray(bundles) || bundles.length === 0)
    throw invalid(
      `placementGroup: expects a list of bundles such as [{ numCpus: 1 }], not ${Array.isArray(bundles) ? 'an empty one' : kindOf(bundles)}`,
    )
  const demands = bundles.map((bundle, index) => bundleDemand(`placementGroup: bundle ${index}`, bundle))
  const { strategy, name } = checkGroupOptions(options)
  const copies = bundles.map((bundle) => Object.freeze(structuredClone(bundle)))
  return new PlacementGroup(groups(true)!.create(demands, strategy, name), Object.freeze(copies), strategy, name)
}

const bundleKeys = ['numCpus', 'numGpus', 'resources']

function bundleDemand(caller: string, bundle: unknown): Demand {
  checkKeys(caller, bundle, bundleKeys, ', or is it a custom resource, as in { resources: { camera: 1 } }')
  const demand = demandOf(caller, bundle as ResourceOptions, 0)
  if (demand.cpus === 0 && demand.gpus === 0 && Object.keys(demand.custom).length === 0)
    throw invalid(`${caller} holds nothing; give it numCpus, numGpus or resources`)
  return demand
}

function checkGroupOptions(options: unknown): { strategy: Strategy; name: string | undefined } {
  checkKeys('placementGroup: options', options, ['strategy', 'name'])
  const { strategy = 'PACK', name } = options as { strategy?: unknown; name?: unknown }
  const known = strategies.find((one) => one === strategy)
  if (known === undefined) {
    const meant =
      typeof strategy === 'string' ? `'${strategy}'; did you mean '${closest(strategy.toUpperCase(), [...strategies])}'?` : kindOf(strategy)
    throw invalid(`placementGroup: strategy must be one of ${strategies.join(', ')}, not ${meant}`)
  }
  if (name !== undefined && (typeof name !== 'string' || name === ''))
    throw invalid(`placementGroup: name must be a string that is not empty, not ${name === '' ? "''" : kindOf(name)}`)
  return { strategy: known, name }
}

/** `hint`: what else an unknown key may have meant. */
function checkKeys(caller: string, value: unknown, known: string[], hint = ''): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${caller} must be an object, not ${kindOf(value)}`)
  for (const key of Object.keys(value))
    if (!known.includes(key)) {
      const meant = optionFor(key) ?? closest(key, known)
      throw invalid(`${caller}: unknown key '${key}'; did you mean '${meant}'${hint}? (known: ${known.join(', ')})`)
    }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return value === undefined || value === null ? String(value) : `a ${typeof value}`
}

/** Where a task or an actor with these options runs. Throws for a bundle that the group does not have. */
export function placeOf(
  caller: string,
  { placementGroup, bundleIndex }: { placementGroup?: unknown; bundleIndex?: unknown },
): Place | undefined {
  if (placementGroup === undefined) {
    if (bundleIndex !== undefined) throw invalid(`${caller}: bundleIndex is of use only with placementGroup; give both`)
    return undefined
  }
  if (!(placementGroup instanceof PlacementGroup))
    throw invalid(`${caller}: placementGroup must be what placementGroup() returned, not ${kindOf(placementGroup)}`)
  const last = placementGroup.bundles.length - 1
  if (bundleIndex !== undefined && !(Number.isInteger(bundleIndex) && (bundleIndex as number) >= -1 && (bundleIndex as number) <= last))
    throw invalid(`${caller}: bundleIndex must be a whole number between 0 and ${last}, or -1 for any bundle, not ${String(bundleIndex)}`)
  return { group: placementGroup.id, bundleIndex: bundleIndex as number | undefined }
}
