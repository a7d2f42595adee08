import { count } from '../api/errors.js'
import { type Allocation, Capacity } from './capacity.js'
import { customAmounts, type Demand, demandOf, fits, inWords, UNIT } from './demand.js'

/** Where in a placement group something is to run. `bundleIndex` -1 or undefined: in any bundle with room. */
export interface Place {
  readonly group: number
  readonly bundleIndex?: number | undefined
}

/** A placement group, as far as the ledger must know it. */
export interface Bundles {
  /** `placement group 'a'` */
  readonly label: string
  readonly demands: readonly Demand[]
  /** Undefined while the group waits for its resources. */
  readonly bundles: readonly Capacity[] | undefined
  /** Why the group can never be had, to follow its label. */
  readonly failure: string | undefined
}

interface LedgerTotals {
  readonly numCpus: number
  /** A function is asked when the first GPU is. */
  readonly gpuIds: readonly number[] | (() => readonly number[])
  readonly resources: Readonly<Record<string, number>>
}

/**
 * Who holds what of the machine. Pure bookkeeping: nothing waits here. Who wants resources asks again after a release.
 *
 * All that runs holds an allocation: each worker thread of the pool one CPU, a task or actor with demands of its own what it
 * asked for, from the machine or from a bundle of a placement group.
 */
export class Ledger {
  /** @internal The machine's. */ readonly machine: Capacity
  /** @internal The placement groups that there are, by id: set by their table. */ groups: ReadonlyMap<number, Bundles> = new Map()

  constructor({ numCpus, gpuIds, resources }: LedgerTotals) {
    let ids = typeof gpuIds === 'function' ? undefined : gpuIds
    const found = (): readonly number[] => (ids ??= (gpuIds as () => readonly number[])())
    const { cpus } = demandOf('init', { numCpus }, 0)
    const total = {
      cpus,
      get gpus(): number {
        return found().length * UNIT
      },
      custom: customAmounts('init', resources),
    }
    this.machine = new Capacity(total, found)
  }

  /**
   * Why a demand can never be had, to follow the name of what asks (`rollout asks for 3 GPUs, but …`); undefined if it can,
   * perhaps later.
   */
  whyNever(demand: Demand, place?: Place): string | undefined {
    if (place !== undefined) return this.whyNeverIn(place, demand)
    const { total } = this.machine
    if (fits(demand, total)) return undefined
    return `asks for ${inWords(demand)}, but the runtime has ${inWords(demand, total)} in total; ask for less, or give init() more`
  }

  private whyNeverIn(place: Place, demand: Demand): string | undefined {
    const group = this.groups.get(place.group)
    if (group === undefined) return 'belongs in a placement group that was removed'
    const { label, demands, failure } = group
    if (failure !== undefined) return `belongs in ${label}, which ${failure}`
    const index = place.bundleIndex ?? -1
    if (index >= demands.length) return `belongs in bundle ${index} of ${label}, which has only ${count(demands.length, 'bundle')}`
    const candidates = index < 0 ? demands : [demands[index]!]
    if (candidates.some((bundle) => fits(demand, bundle))) return undefined
    const where = index < 0 ? `no bundle of ${label} holds that` : `bundle ${index} of ${label} does not hold that`
    return `asks for ${inWords(demand)}, but ${where} (${candidates.map((bundle) => inWords(bundle)).join('; ')}); ask for less, or make the bundle larger`
  }

  /** All of it now, or undefined and nothing is changed. */
  acquire(demand: Demand, place?: Place): Allocation | undefined {
    if (place === undefined) return this.machine.take(demand)
    for (const bundle of this.bundlesAt(place)) {
      const allocation = bundle.take(demand)
      if (allocation !== undefined) return allocation
    }
    return undefined
  }

  /** Gives all of it back. A second time nothing happens. */
  release(allocation: Allocation): void {
    if (!allocation.open) return
    allocation.open = false
    allocation.from.give(allocation)
  }

  /** For a task that waits in `get`: its CPUs are others' meanwhile. GPUs and custom resources stay held, as in Ray. */
  releaseCpus(allocation: Allocation): void {
    if (!allocation.open || allocation.cpusLent) return
    allocation.cpusLent = true
    allocation.from.cpus += allocation.demand.cpus
  }

  /** The wait is over. It does not wait again, so for a while more CPUs may be held than there are, as in Ray. */
  reacquireCpus(allocation: Allocation): void {
    if (!allocation.open || !allocation.cpusLent) return
    allocation.cpusLent = false
    allocation.from.cpus -= allocation.demand.cpus
  }

  /**
   * How many CPUs would have to come free for `acquire` to succeed; 0 if it would now, and 0 if CPUs are not all that is
   * missing. With a place they are CPUs of the bundle that lacks least, which only what runs in that bundle can give back.
   */
  missingCpus(demand: Demand, place?: Place): number {
    let least = Infinity
    for (const from of place === undefined ? [this.machine] : this.bundlesAt(place))
      least = Math.min(least, from.missingCpus(demand) ?? Infinity)
    return least === Infinity ? 0 : least / UNIT
  }

  /** What the runtime has: `{ numCpus, numGpus, camera, … }`. */
  totals(): Record<string, number> {
    const { cpus, gpus, custom } = this.machine.total
    return inUnits(cpus, gpus, Object.entries(custom))
  }

  /** What is free of it; bundles of placement groups are not. CPUs held by more than there are count as none free. */
  available(): Record<string, number> {
    const { cpus, slots, custom } = this.machine
    const gpus = slots.reduce((sum, slot) => sum + slot.free, 0)
    return inUnits(Math.max(0, cpus), gpus, [...custom])
  }

  private bundlesAt({ group, bundleIndex = -1 }: Place): readonly Capacity[] {
    const bundles = this.groups.get(group)?.bundles ?? []
    return bundleIndex < 0 ? bundles : bundles.slice(bundleIndex, bundleIndex + 1)
  }
}

function inUnits(cpus: number, gpus: number, custom: [string, number][]): Record<string, number> {
  return Object.fromEntries([['numCpus', cpus / UNIT], ['numGpus', gpus / UNIT], ...custom.map(([name, amount]) => [name, amount / UNIT])])
}
