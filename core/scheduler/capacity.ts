import { type Demand, UNIT } from './demand.js'

/** One GPU, or a bundle's part of one, and how much of it is free. */
interface Slot {
  readonly id: number
  free: number
}

const noGpus: readonly number[] = Object.freeze([])

/** Resources that a task or an actor holds, until they are given to `Ledger.release`. */
export class Allocation {
  /** @internal */ open = true
  /** @internal Its CPUs were given back while it waits. */ cpusLent = false

  constructor(
    readonly demand: Demand,
    /** The GPUs it may use: one for a fraction, else as many as it asked for. */
    readonly gpuIds: readonly number[],
    /** @internal Where its amounts go back to: the machine, or a bundle for as long as its group stands. */
    public from: Capacity,
  ) {}
}

/** What is free of a whole: of the machine, or of one bundle carved out of it. All amounts are in ten-thousandths. */
export class Capacity {
  /** Below zero when tasks that waited have taken their CPUs again. */
  cpus: number
  readonly custom: Map<string, number>
  /** What is held of it, oldest first. */
  readonly allocations = new Set<Allocation>()
  private found: Slot[] | undefined

  constructor(
    readonly total: Demand,
    private readonly gpuIds: readonly number[] | (() => readonly number[]),
  ) {
    this.cpus = total.cpus
    this.custom = new Map(Object.entries(total.custom))
  }

  /** Made when a GPU is first asked for, since looking for the machine's takes a while. */
  get slots(): readonly Slot[] {
    if (this.found === undefined) {
      const ids = typeof this.gpuIds === 'function' ? this.gpuIds() : this.gpuIds
      // A bundle of half a GPU has half of one slot.
      this.found = ids.map((id) => ({ id, free: Math.min(UNIT, this.total.gpus) }))
    }
    return this.found
  }

  take(demand: Demand): Allocation | undefined {
    const gpuIds = this.deduct(demand)
    if (gpuIds === undefined) return undefined
    const allocation = new Allocation(demand, gpuIds, this)
    this.allocations.add(allocation)
    return allocation
  }

  give(allocation: Allocation): void {
    const { demand, gpuIds } = allocation
    this.allocations.delete(allocation)
    if (!allocation.cpusLent) this.cpus += demand.cpus
    for (const id of gpuIds) this.slot(id).free += Math.min(UNIT, demand.gpus)
    for (const name of Object.keys(demand.custom)) this.custom.set(name, this.custom.get(name)! + demand.custom[name]!)
  }

  /** Sets a part aside as a whole of its own. */
  carve(demand: Demand): Capacity | undefined {
    const gpuIds = this.deduct(demand)
    return gpuIds === undefined ? undefined : new Capacity(demand, gpuIds)
  }

  /** Takes back what is free of a part; what is held of it belongs here from now on, and comes back when it is released. */
  absorb(part: Capacity): void {
    this.cpus += part.cpus
    for (const { id, free } of part.slots) this.slot(id).free += free
    for (const [name, free] of part.custom) this.custom.set(name, this.custom.get(name)! + free)
    for (const allocation of part.allocations) {
      allocation.from = this
      this.allocations.add(allocation)
    }
  }

  /** CPUs that a demand lacks, in ten-thousandths; undefined if it lacks something else. */
  missingCpus(demand: Demand): number | undefined {
    if (!this.hasCustom(demand) || this.pickGpus(demand.gpus) === undefined) return undefined
    return demand.cpus === 0 ? 0 : Math.max(0, demand.cpus - this.cpus)
  }

  /** All or nothing. Returns the GPUs chosen. */
  private deduct(demand: Demand): readonly number[] | undefined {
    if (!this.hasBesidesGpus(demand)) return undefined
    const gpuIds = this.pickGpus(demand.gpus)
    if (gpuIds === undefined) return undefined
    this.cpus -= demand.cpus
    for (const id of gpuIds) this.slot(id).free -= Math.min(UNIT, demand.gpus)
    for (const name of Object.keys(demand.custom)) this.custom.set(name, this.custom.get(name)! - demand.custom[name]!)
    return gpuIds
  }

  /** Whether its CPUs and custom resources suffice. */
  hasBesidesGpus(demand: Demand): boolean {
    // No CPUs can be had even when more of them are held than there are.
    return (demand.cpus === 0 || demand.cpus <= this.cpus) && this.hasCustom(demand)
  }

  private hasCustom(demand: Demand): boolean {
    for (const name of Object.keys(demand.custom)) if (demand.custom[name]! > (this.custom.get(name) ?? 0)) return false
    return true
  }

  /** A fraction goes to the fullest GPU with room, so that others stay whole; whole numbers take GPUs that nobody uses. */
  private pickGpus(gpus: number): readonly number[] | undefined {
    if (gpus === 0) return noGpus
    if (gpus >= UNIT) {
      const ids = this.slots.filter((slot) => slot.free === UNIT).map((slot) => slot.id)
      return ids.length < gpus / UNIT ? undefined : ids.slice(0, gpus / UNIT)
    }
    let best: Slot | undefined
    for (const slot of this.slots) if (slot.free >= gpus && slot.free < (best?.free ?? Infinity)) best = slot
    return best === undefined ? undefined : [best.id]
  }

  private slot(id: number): Slot {
    return this.slots.find((slot) => slot.id === id)!
  }
}
