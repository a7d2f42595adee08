import type { ActorCaller, ActorShape, AnyActorHandle } from '../api/actor-handle.js'
import { ObjectRef } from '../api/object-ref.js'
import { idOf } from './directory.js'
import { HandleBook } from './handle-book.js'
import type { Outcome } from './headquarters.js'
import type { Borrowed, LedgerMessage, RefBook } from './ref-book.js'

/** A worker's book: reports to the main thread, and asks it for the values of others' refs when they are wanted. */
export class Borrowing implements RefBook {
  private readonly known = new Map<number, WeakRef<ObjectRef>>()
  private readonly registry = new FinalizationRegistry<number>((id) => {
    if (this.known.get(id)?.deref() === undefined) this.known.delete(id)
    this.drop(id)
  })
  private readonly handles: HandleBook
  private holds: number[] = []
  private drops: number[] = []

  constructor(
    private readonly thread: number,
    private readonly post: (message: LedgerMessage) => void,
    caller: ActorCaller,
    /** Brings the value of a borrowed ref. */
    private readonly fetch: (ref: ObjectRef) => void,
    /** A settled ref's value, to be sent to `to`. */
    private readonly outcomeOf: (ref: ObjectRef, to: number) => Outcome,
    /** Calls back once a settled ref's value can be read. */
    private readonly whenHere: (ref: ObjectRef, then: (ref: ObjectRef) => void) => void,
  ) {
    this.handles = new HandleBook(caller, (id) => this.drop(id))
  }

  share(things: readonly Borrowed[]): void {
    for (const thing of things) if (thing instanceof ObjectRef) this.shareRef(thing)
  }

  /** What is still reachable here is held anyway. */
  unshare(): void {}

  private shareRef(ref: ObjectRef): void {
    if (this.known.has(ref.id)) return
    this.keep(ref)
    this.post({ kind: 'share', thread: this.thread, ids: [ref.id] })
    this.whenHere(ref, (settled) => {
      this.post({ kind: 'value', thread: this.thread, id: settled.id, outcome: this.outcomeOf(settled, 0) })
      if (ref.absent !== undefined) this.moved(ref)
    })
  }

  /** A large value belongs to the main thread's store from now on: kept here too, its memory would never come free. */
  private moved(ref: ObjectRef): void {
    ref.stored = undefined
    ref.absent = {
      bring: () => {
        ref.absent = undefined
        ref.leave()
        ref.fetch = () => this.fetch(ref)
        return false
      },
      read: () => undefined,
    }
  }

  transfer(things: readonly Borrowed[], to: number): void {
    this.share(things)
    this.post({ kind: 'transfer', thread: this.thread, ids: things.map(idOf), to })
  }

  ref(id: number, counted: boolean): ObjectRef {
    const known = this.known.get(id)?.deref()
    if (known !== undefined) {
      if (counted) this.drop(id)
      return known
    }
    const ref = new ObjectRef(id)
    ref.fetch = () => this.fetch(ref)
    this.keep(ref)
    if (!counted) this.holds.push(id)
    return ref
  }

  handle(actorId: number, shape: ActorShape, counted: boolean): AnyActorHandle {
    const { handle, fresh } = this.handles.get(actorId, shape)
    if (fresh && !counted) this.holds.push(actorId)
    if (!fresh && counted) this.drop(actorId)
    return handle
  }

  private keep(ref: ObjectRef): void {
    this.known.set(ref.id, new WeakRef(ref))
    this.registry.register(ref, ref.id)
  }

  private drop(id: number): void {
    if (this.drops.push(id) === 1) queueMicrotask(() => this.reportDrops())
  }

  private reportDrops(): void {
    const ids = this.drops
    this.drops = []
    this.post({ kind: 'drop', thread: this.thread, ids })
  }

  report(): void {
    if (this.holds.length === 0) return
    const ids = this.holds
    this.holds = []
    this.post({ kind: 'hold', thread: this.thread, ids })
  }
}
