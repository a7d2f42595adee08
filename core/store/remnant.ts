import type { AnyActorHandle } from '../api/actor-handle.js'
import { type Attachment, ObjectRef, READY } from '../api/object-ref.js'
import { free, type Held, LargeValue, type Lineage, type Missing, Share } from './large-value.js'

const remnants = new WeakMap<LargeValue, Remnant>()

/**
 * What is left of a large value for tasks that were given it and may have to run again: all but its memory, which comes free
 * with the value's last ref as if there were no such task. It can be had again, without its memory, to be made in its turn.
 * (Ray does the same: an object whose refs are gone is freed, and what it was made of is remembered while something needs it.)
 */
class Remnant {
  private value: WeakRef<LargeValue>
  private held: Held
  private readonly refId: number
  private readonly bytes: Uint8Array
  private readonly attachments: readonly (Attachment | Missing)[]
  private readonly refs: readonly (() => ObjectRef | AnyActorHandle)[]
  private readonly lineage: Lineage | undefined
  private readonly index: number

  constructor(value: LargeValue) {
    this.value = new WeakRef(value)
    this.held = value.held
    this.refId = value.ref.id
    this.bytes = value.bytes
    this.attachments = value.attachments.map((one) => (one.stock === undefined ? one : { id: one.id, missingBytes: one.stock.bytes }))
    this.refs = value.refs.map(remembered)
    this.lineage = value.lineage
    this.index = value.index
  }

  revive(): LargeValue {
    const alive = this.value.deref()
    if (alive !== undefined) return alive
    // Now and not when V8 tells of its end: the same ids are used again.
    free(this.held)
    const ref = new ObjectRef(this.refId)
    const refs = this.refs.map((recall) => recall())
    const value = new LargeValue(ref, this.bytes, this.attachments, refs, this.held.tools)
    if (this.lineage !== undefined) value.madeBy(this.lineage, this.index)
    this.value = new WeakRef(value)
    this.held = value.held
    remnants.set(value, this)
    ref.stored = ref.absent = value
    ref.settle(READY, undefined)
    return value
  }
}

function remnantOf(value: LargeValue): Remnant {
  let remnant = remnants.get(value)
  if (remnant === undefined) {
    remnant = new Remnant(value)
    remnants.set(value, remnant)
  }
  return remnant
}

/** How a ref or handle is had again, without the memory of a large value being kept for that. */
export function remembered<Thing extends ObjectRef | AnyActorHandle>(thing: Thing): () => ObjectRef | Thing {
  const remnant = thing instanceof ObjectRef && thing.absent instanceof LargeValue ? remnantOf(thing.absent) : undefined
  return remnant === undefined ? always(thing) : reviver(remnant)
}

/** The same for what a task's arguments name. */
export function rememberedAttachment(attachment: Attachment): () => Attachment {
  return attachment instanceof Share ? finder(remnantOf(attachment.value), attachment.id) : always(attachment)
}

// Functions of their own: closures of one function keep whatever any of them uses.

function always<Thing>(thing: Thing): () => Thing {
  return () => thing
}

function reviver(remnant: Remnant): () => ObjectRef {
  return () => remnant.revive().ref
}

function finder(remnant: Remnant, id: number): () => Attachment {
  return () => remnant.revive().attachments.find((one) => one.id === id)!
}
