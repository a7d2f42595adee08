import type { ActorCaller, ActorShape, AnyActorHandle } from '../api/actor-handle.js'
import { ObjectLostError } from '../api/errors.js'
import { ownerOf } from '../api/ids.js'
import { FAILED, hexId, ObjectRef, PENDING, READY } from '../api/object-ref.js'
import { HandleBook } from './handle-book.js'
import type { Settled } from './headquarters.js'
import { HoldCounts } from './hold-counts.js'
import type { Borrowed, RefBook } from './ref-book.js'

/** The main thread itself, among the threads that hold something. */
const MAIN = 0

/**
 * The main thread's book, which is also everybody's: refs that have left the thread that made them, the values of those that
 * belong to workers, and the counts of who holds what. A ref that comes back is the same ref.
 */
export class Directory implements RefBook {
  private readonly refs = new Map<number, ObjectRef>()
  private readonly handles: HandleBook
  readonly counts: HoldCounts

  constructor(
    caller: ActorCaller,
    private readonly readReports: () => void,
    actorFree: (id: number) => void,
  ) {
    this.counts = new HoldCounts(readReports, (id) => {
      const ref = this.refs.get(id)
      if (ref === undefined) actorFree(id)
      // A value that is still to come needs its place.
      else if (ref.state !== PENDING || ownerOf(id) === 0) this.refs.delete(id)
    })
    this.handles = new HandleBook(caller, (id) => {
      this.counts.remove(id, MAIN)
      this.counts.settle()
    })
  }

  share(things: readonly Borrowed[]): void {
    for (const thing of things) this.hold(thing, MAIN)
  }

  unshare(things: readonly Borrowed[]): void {
    for (const thing of things) this.counts.remove(idOf(thing), MAIN)
    this.counts.settle()
  }

  transfer(things: readonly Borrowed[], to: number): void {
    for (const thing of things) this.hold(thing, to)
  }

  private hold(thing: Borrowed, thread: number): void {
    if (thing instanceof ObjectRef) this.refs.set(thing.id, thing)
    this.counts.add(idOf(thing), thread)
  }

  ref(id: number, counted: boolean): ObjectRef {
    const ref = this.find(id)
    if (counted) {
      this.counts.remove(id, MAIN)
      // The message may hold it a second time: freed only once it has been read.
      queueMicrotask(() => this.counts.settle())
    }
    return ref
  }

  private lost(id: number): ObjectRef {
    const ref = new ObjectRef(id)
    ref.settle(FAILED, new ObjectLostError(`object ${hexId(id)} was dropped by its owner before its ref was handed on`))
    return ref
  }

  handle(actorId: number, shape: ActorShape, counted: boolean): AnyActorHandle {
    const { handle, fresh } = this.handles.get(actorId, shape)
    if (fresh && !counted) this.counts.add(actorId, MAIN)
    if (!fresh && counted) this.counts.remove(actorId, MAIN)
    return handle
  }

  report(): void {}

  /** A worker shares a ref of its own: its value will come here. */
  shared(id: number, thread: number): void {
    if (!this.refs.has(id)) this.refs.set(id, new ObjectRef(id))
    this.counts.add(id, thread)
  }

  /** The value of a worker's ref has come. */
  settled(id: number, read: (ref: ObjectRef) => Settled): void {
    const ref = this.refs.get(id) ?? new ObjectRef(id)
    // Read in any case: what it holds was counted when it was sent.
    const { failed, value } = read(ref)
    ref.settle(failed ? FAILED : READY, value)
    if (!this.counts.held(id)) this.refs.delete(id)
  }

  /** A message that names a ref may be read before the report that its owner sent first, which came another way. */
  find(id: number): ObjectRef {
    let ref = this.refs.get(id)
    if (ref === undefined) {
      this.readReports()
      ref = this.refs.get(id)
    }
    return ref ?? this.lost(id)
  }

  /** The refs of a worker that is gone and had not settled. */
  orphans(owner: number): ObjectRef[] {
    return [...this.refs.values()].filter((ref) => ref.state === PENDING && ownerOf(ref.id) === owner)
  }

  /** Whether a ref is kept here for other threads: whether this one's program has it too is not known then. */
  keeps(id: number): boolean {
    return this.refs.has(id) && ownerOf(id) !== 0
  }

  all(): Iterable<ObjectRef> {
    return this.refs.values()
  }

  clear(): void {
    this.refs.clear()
    this.counts.clear()
  }
}

export function idOf(thing: Borrowed): number {
  return thing instanceof ObjectRef ? thing.id : thing.actorId
}
