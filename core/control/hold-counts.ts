/**
 * Who holds an id, by thread. What nobody holds any more is told, once all reports that were under way have been read.
 *
 * A count may be below zero for a while: a hold that one thread reports in another's name can be read after the other's drop.
 */
export class HoldCounts {
  private readonly byId = new Map<number, Map<number, number>>()
  private readonly aliases = new Map<number, number>()
  private readonly aliasesOf = new Map<number, number[]>()
  private readonly suspects = new Set<number>()
  private settling = false

  constructor(
    /** Reads all reports that lie in ports. */
    private readonly readReports: () => void,
    private readonly free: (id: number) => void,
  ) {}

  /** From now on one id stands for another: what is reported of it counts there. */
  alias(id: number, as: number): void {
    this.aliases.set(id, as)
    this.aliasesOf.set(as, [...(this.aliasesOf.get(as) ?? []), id])
    const holders = this.byId.get(id)
    this.byId.delete(id)
    for (const [thread, count] of holders ?? []) this.change(as, thread, count)
  }

  private own(id: number): number {
    return this.aliases.size === 0 ? id : (this.aliases.get(id) ?? id)
  }

  add(id: number, thread: number): void {
    this.change(this.own(id), thread, 1)
  }

  remove(id: number, thread: number): void {
    this.change(this.own(id), thread, -1)
  }

  private change(id: number, thread: number, by: number): void {
    const holders = this.byId.get(id)
    if (holders === undefined) {
      this.byId.set(id, new Map([[thread, by]]))
      return
    }
    const count = (holders.get(thread) ?? 0) + by
    if (count !== 0) {
      holders.set(thread, count)
      return
    }
    holders.delete(thread)
    if (holders.size === 0) this.suspects.add(id)
  }

  /** A thread is gone, and all that it held with it. */
  removeThread(thread: number): void {
    for (const [id, holders] of this.byId) {
      if (holders.delete(thread) && holders.size === 0) this.suspects.add(id)
    }
    this.settle()
  }

  held(id: number): boolean {
    return this.byId.has(id)
  }

  /** The threads that hold an id, with their counts. */
  holders(id: number): ReadonlyMap<number, number> | undefined {
    return this.byId.get(id)
  }

  /** Those that hold anything. */
  threads(): ReadonlySet<number> {
    const threads = new Set<number>()
    for (const holders of this.byId.values()) for (const thread of holders.keys()) threads.add(thread)
    return threads
  }

  /** Frees what nobody holds. */
  settle(): void {
    if (this.suspects.size === 0 || this.settling) return
    this.settling = true
    this.readReports()
    for (const id of this.suspects) {
      this.suspects.delete(id)
      if (this.byId.get(id)?.size !== 0) continue
      this.byId.delete(id)
      for (const alias of this.aliasesOf.get(id) ?? []) this.aliases.delete(alias)
      this.aliasesOf.delete(id)
      this.free(id)
    }
    this.settling = false
  }

  clear(): void {
    this.byId.clear()
    this.suspects.clear()
    this.aliases.clear()
    this.aliasesOf.clear()
  }
}
