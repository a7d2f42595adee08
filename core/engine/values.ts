import { type Attachment, FAILED, hexId, ObjectRef, PENDING, PUT, READY, type Stored } from '../api/object-ref.js'
import { idOf } from '../control/directory.js'
import type { Outcome, Settled } from '../control/headquarters.js'
import type { Borrowed, RefBook } from '../control/ref-book.js'
import { Decoder, type Names } from '../store/decoder.js'
import { Encoder } from '../store/encoder.js'
import { isCopy, noteArrived } from '../store/handles.js'
import { LargeValue, type LargeValueTools, type Lineage, type StoredRow, storedRows } from '../store/large-value.js'
import type { ObjectStore } from '../store/object-store.js'
import { refuseShared } from '../store/refusal.js'

/** The values of refs as bytes: those that `put` stored, those with large arrays, and those that travel between threads by themselves. */
export class Values {
  private readonly tools: LargeValueTools
  private readonly keeper = new Encoder(true)
  private readonly borrower = new Encoder(true)

  constructor(
    private readonly book: RefBook,
    readonly store: ObjectStore,
    hooks: Pick<LargeValueTools, 'forget' | 'arrived'>,
    /** Whether another thread lies in another process. */
    private readonly isApart: (thread: number) => boolean,
  ) {
    this.tools = { store, decode: (stored) => this.read(stored), ...hooks }
    this.keeper.storing = true
    store.retry = hooks.arrived
  }

  /** Stores a value as it is now. `encoder` is empty. Throws ObjectStoreFullError. */
  put(ref: ObjectRef, value: unknown, encoder: Encoder): ObjectRef {
    encoder.storing = true
    encoder.allocate = this.allocate
    try {
      encoder.section(value, 'the value')
    } finally {
      encoder.storing = false
      encoder.allocate = undefined
    }
    this.take(ref, encoder)
    ref.settle(READY, undefined)
    ref.origin = PUT
    return ref
  }

  /** Gives a ref what was encoded: as a large value of the store's if there are copies of large arrays in it. */
  private take(ref: ObjectRef, encoder: Encoder): LargeValue | undefined {
    if (encoder.attachments.some(({ copied }) => copied)) {
      const large = this.large(ref, encoder)
      ref.stored = ref.absent = large
      return large
    }
    this.hold(ref, { bytes: encoder.copy(), attachments: taken(encoder.attachments), refs: taken(encoder.refs) })
    return undefined
  }

  /** Gives a ref the bytes of its value. The ref is settled with the value itself, for its first reader, or with undefined. */
  hold(ref: ObjectRef, stored: Stored): void {
    ref.stored = stored
    ref.load = this.load
  }

  private readonly load = (stored: Stored): unknown => this.read(stored)

  private readonly allocate = (bytes: number): SharedArrayBuffer => this.store.allocate(bytes)

  private large(ref: ObjectRef, encoder: Encoder): LargeValue {
    return new LargeValue(ref, encoder.copy(), encoder.attachments, taken(encoder.refs), this.tools)
  }

  /**
   * Keeps the bytes of a value that came from another thread and that nobody has seen yet, in the store if large arrays came
   * with it. Called before the ref is settled. Throws ObjectStoreFullError.
   */
  keep(ref: ObjectRef, value: unknown, lineage?: Lineage, index = 0): void {
    if (!changeable(value)) return
    const { keeper } = this
    keeper.start()
    try {
      keeper.section(value, 'the value')
      const large = this.take(ref, keeper)
      if (large === undefined) return
      large.cache(value)
      if (lineage !== undefined) large.madeBy(lineage, index)
    } finally {
      keeper.done()
    }
  }

  /** The same for a value whose large arrays another thread keeps in its store. */
  borrow(ref: ObjectRef, { value, attachments, bytes, refs }: Arrived): void {
    if (!changeable(value)) return
    if (attachments.length === 0) {
      this.hold(ref, { bytes, attachments: none, refs })
      return
    }
    const { borrower } = this
    borrower.start()
    try {
      borrower.section(value, 'the value')
      this.hold(ref, { bytes: borrower.copy(), attachments: taken(borrower.attachments), refs: taken(borrower.refs) })
    } finally {
      borrower.done()
    }
  }

  private read({ bytes, attachments, refs }: Stored): unknown {
    // They were noted in the order in which they are met again.
    let next = 0
    return decode(bytes, {
      handle: (id) => attachments.find((attachment) => attachment.id === id)?.object,
      ref: () => refs[next++]!,
      actor: () => refs[next++]!,
    })
  }

  /** Calls back with a settled ref once its value can be read, or with one that tells why it cannot. */
  whenHere(ref: ObjectRef, then: (ref: ObjectRef) => void): void {
    let failure: ObjectRef | undefined
    if (ref.state === READY) {
      try {
        ref.bring()
      } catch (error) {
        failure = new ObjectRef(ref.id)
        failure.settle(FAILED, error)
      }
    }
    if (ref.state === PENDING) ref.addWaiter({ settled: () => this.whenHere(ref, then) })
    else then(failure ?? ref)
  }

  /** A settled ref's value for another thread; `snapshot`: to be kept as it is now. */
  outcomeOf(ref: ObjectRef, to: number, snapshot = false): Outcome {
    const encoder = new Encoder(false)
    encoder.snapshot = snapshot
    encoder.leaves = this.isApart(to)
    encoder.start()
    let failed = ref.state === FAILED
    if (failed) encoder.thrown(ref.value)
    else
      try {
        if (ref.stored === undefined) encoder.section(ref.read(), 'the value')
        else {
          if (encoder.leaves) refuseShared(ref.stored.attachments, `object ${hexId(ref.id)}`)
          encoder.raw(ref.stored.bytes, ref.stored.attachments, ref.stored.refs)
        }
      } catch (error) {
        // It cannot leave this process, or is no longer fit to travel.
        failed = true
        encoder.start()
        encoder.thrown(error)
      }
    if (encoder.refs.length > 0) this.book.transfer(encoder.refs, to)
    return { failed, bytes: encoder.copy(), attachments: encoder.attachments.map(plain), held: encoder.refs.map(idOf) }
  }

  /** What another thread's `outcomeOf` sent. */
  settled({ failed, bytes, attachments }: Outcome): Arrived {
    for (const attachment of attachments) noteArrived(attachment)
    const refs: Borrowed[] = []
    const met = <Thing extends Borrowed>(thing: Thing): Thing => {
      refs.push(thing)
      return thing
    }
    const value = decode(bytes, {
      handle: (id) => attachments.find((attachment) => attachment.id === id)?.object,
      ref: (id) => met(this.book.ref(id, true)),
      actor: (id, shape) => met(this.book.handle(id, shape, true)),
    })
    return { failed, value, bytes, attachments, refs }
  }

  /** The same for a value that this thread holds from now on, for a ref that is not settled yet. */
  settledHere(ref: ObjectRef, outcome: Outcome): Settled {
    const settled = this.settled(outcome)
    if (settled.failed) return settled
    if (outcome.attachments.some(({ object }) => isCopy(object))) {
      try {
        this.keep(ref, settled.value)
        return settled
      } catch {
        // The store is full. It is here, and its owner has let go of it: it stays, beside the store.
      }
    }
    this.borrow(ref, settled)
    return settled
  }

  /** The large objects of this thread. */
  rows(): StoredRow[] {
    return storedRows(this.store)
  }
}

const none: readonly never[] = []

/** An outcome decoded: the value is as nobody has seen it, `refs` are those in it, in their order. */
interface Arrived extends Settled, Stored {}

/** Whether a reader could change a value: all others lie on their refs as they are. */
export function changeable(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** An encoder's list, which it does not use again if there is something in it. */
function taken<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? none : list
}

/** An attachment as a port carries it. */
export function plain({ id, once, object, copied = false, ours = false }: Attachment): Attachment {
  return { id, once, object, copied, ours }
}

function decode(bytes: Uint8Array, names: Names): unknown {
  const decoder = new Decoder(names)
  const { buffer, byteOffset, byteLength } = bytes
  decoder.open(Buffer.from(buffer, byteOffset, byteLength), new DataView(buffer, byteOffset, byteLength), 0)
  return decoder.section()
}
