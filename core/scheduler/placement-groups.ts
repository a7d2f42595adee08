import { count, ResourcesUnavailableError } from '../api/errors.js'
import { hexId } from '../api/object-ref.js'
import { type Allocation, Capacity } from './capacity.js'
import { type Demand, fits, inWords, sumOf, UNIT } from './demand.js'
import type { Bundles, Ledger } from './resources.js'

/**
 * How the bundles of a group lie on machines: together if possible, apart if possible, and each of the two strictly. On one
 * machine all lie together, so PACK, SPREAD and STRICT_PACK are the same, and STRICT_SPREAD has room for one bundle only.
 */
export const strategies = ['PACK', 'SPREAD', 'STRICT_PACK', 'STRICT_SPREAD'] as const
export type Strategy = (typeof strategies)[number]

/** What a group is called in messages. */
export function groupLabel(id: number, name: string | undefined): string {
  return name === undefined ? `placement group ${hexId(id)}` : `placement group '${name}'`
}

interface Waiter {
  resolve(): void
  reject(error: Error): void
}

class Group implements Bundles {
  bundles: readonly Capacity[] | undefined
  failure: string | undefined
  waiters: Waiter[] = []
  /** What all bundles hold together. */
  readonly whole: Demand

  constructor(
    readonly label: string,
    readonly demands: readonly Demand[],
  ) {
    this.whole = sumOf(demands)
  }
}

/**
 * The placement groups: resources set aside together, all bundles of a group or none of them, for tasks and actors that name
 * the group. A group without room waits; the oldest is served first, and one without room does not hold up those behind it,
 * unless all that it lacks are CPUs that workers are about to lend: those come in a moment, one by one.
 */
export class PlacementGroupTable {
  private readonly groups = new Map<number, Group>()
  /** Those without resources yet, oldest first. */
  private readonly waiting = new Set<Group>()

  /** `comingCpus`: CPUs of workers that run nothing, and lend them when something waits. */
  constructor(
    private readonly ledger: Ledger,
    private readonly comingCpus: () => number = () => 0,
  ) {
    ledger.groups = this.groups
  }

  /** Makes a group, at once if there is room. `id` is new. What can never be had is told by `ready`. */
  create(id: number, bundles: readonly Demand[], strategy: Strategy, name?: string): void {
    const group = new Group(groupLabel(id, name), bundles)
    this.groups.set(id, group)
    if (strategy === 'STRICT_SPREAD' && bundles.length > 1) {
      group.failure = `asks for ${bundles.length} bundles on a machine each (STRICT_SPREAD), but the runtime is one machine; use SPREAD`
      return
    }
    if (this.waiting.size === 0) group.bundles = carveAll(this.ledger.machine, group)
    if (group.bundles !== undefined) return
    group.failure = this.whyNever(group)
    if (group.failure !== undefined) return
    this.waiting.add(group)
    this.retry()
  }

  private whyNever(group: Group): string | undefined {
    const { machine } = this.ledger
    const { total } = machine
    const { whole, demands } = group
    const asks = `asks for ${inWords(whole)} in ${count(demands.length, 'bundle')}, but the runtime has`
    if (!fits(whole, total)) return `${asks} ${inWords(whole, total)} in total; ask for less, or give init() more`
    if (whole.gpus === 0) return undefined
    const ids = machine.slots.map((slot) => slot.id)
    if (carveAll(new Capacity(total, ids), group) !== undefined) return undefined
    return `${asks} ${count(ids.length, 'GPU')}, and a bundle's part of a GPU must lie on one; ask for parts that fit side by side`
  }

  /** Resolves once the group has its resources; rejects with ResourcesUnavailableError when it never will. */
  ready(id: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const group = this.groups.get(id)
      if (group === undefined) reject(new ResourcesUnavailableError('the placement group was removed'))
      else if (group.failure !== undefined) reject(new ResourcesUnavailableError(`${group.label} ${group.failure}`))
      else if (group.bundles !== undefined) resolve()
      else group.waiters.push({ resolve, reject })
    })
  }

  /** Makes the waiting groups for which there is room now. To be called after releases. Tells whether there was one. */
  retry(): boolean {
    let made = false
    for (const group of this.waiting) {
      group.bundles = carveAll(this.ledger.machine, group)
      if (group.bundles === undefined) {
        const lacks = this.lackedCpus(group)
        if (lacks > 0 && lacks <= this.comingCpus()) break
        continue
      }
      this.waiting.delete(group)
      for (const { resolve } of group.waiters.splice(0)) resolve()
      made = true
    }
    return made
  }

  /**
   * Gives back what is free of a group. Returns what is still held of it, oldest first: the engine ends its holders, whose
   * later `release` gives the rest back. For a group that is not there, nothing happens.
   */
  remove(id: number): readonly Allocation[] {
    const group = this.groups.get(id)
    if (group === undefined) return []
    this.groups.delete(id)
    this.waiting.delete(group)
    for (const { reject } of group.waiters.splice(0))
      reject(new ResourcesUnavailableError(`${group.label} was removed before there was room for it`))
    const held = (group.bundles ?? []).flatMap((bundle) => [...bundle.allocations])
    for (const bundle of group.bundles ?? []) this.ledger.machine.absorb(bundle)
    return held
  }

  /** How many CPUs would have to come free for a waiting group, the oldest that lacks nothing but CPUs; 0 if there is none. */
  missingCpus(): number {
    for (const group of this.waiting) {
      const lacks = this.lackedCpus(group)
      if (lacks > 0) return lacks
    }
    return 0
  }

  /** How many CPUs a group lacks; 0 if it lacks something else. */
  private lackedCpus({ whole, demands }: Group): number {
    const { machine } = this.ledger
    if (whole.cpus <= machine.cpus) return 0
    const parts = carveAll(machine, { whole: withoutCpus(whole), demands: demands.map(withoutCpus) })
    if (parts === undefined) return 0
    for (const part of parts) machine.absorb(part)
    return (whole.cpus - machine.cpus) / UNIT
  }

  /** The runtime ends: nobody is left waiting. */
  close(error: Error): void {
    for (const group of this.waiting) for (const { reject } of group.waiters.splice(0)) reject(error)
    this.waiting.clear()
  }
}

function withoutCpus(demand: Demand): Demand {
  return { ...demand, cpus: 0 }
}

/** A part for each bundle, in their order, or nothing. */
function carveAll(machine: Capacity, { whole, demands }: Pick<Group, 'whole' | 'demands'>): readonly Capacity[] | undefined {
  // The quick answer, for when many groups wait.
  if (!machine.hasBesidesGpus(whole)) return undefined
  const parts: Capacity[] = []
  for (const index of largestFirst(demands)) {
    const part = machine.carve(demands[index]!)
    if (part === undefined) {
      for (const carved of Object.values(parts)) machine.absorb(carved)
      return undefined
    }
    parts[index] = part
  }
  return parts
}

/** Whole GPUs before parts, and large parts before small ones, so that parts fill the gaps ("best fit decreasing"). */
function largestFirst(demands: readonly Demand[]): number[] {
  const order = [...demands.keys()]
  return demands.some((demand) => demand.gpus > 0) ? order.sort((a, b) => demands[b]!.gpus - demands[a]!.gpus) : order
}
