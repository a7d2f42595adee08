import { FAILED, type ObjectRef, READY, type Stored } from '../api/object-ref.js'
import { idOf } from '../control/directory.js'
import type { Outcome, Settled } from '../control/headquarters.js'
import type { RefBook } from '../control/ref-book.js'
import { Decoder, type Names } from '../store/decoder.js'
import { Encoder } from '../store/encoder.js'
import { markPrivate } from '../store/handles.js'

/** The values of refs as bytes: those that `put` stored, and those that travel between threads by themselves. */
export class Values {
  constructor(private readonly book: RefBook) {}

  /** Stores a value as it is now. `encoder` is empty. */
  put(ref: ObjectRef, value: unknown, encoder: Encoder): ObjectRef {
    encoder.storing = true
    try {
      encoder.section(value, 'the value')
    } finally {
      encoder.storing = false
    }
    const stored: Stored = { bytes: encoder.copy(), attachments: [...encoder.attachments], refs: [...encoder.refs] }
    ref.stored = stored
    ref.load = () => this.read(stored)
    ref.settle(READY, undefined)
    return ref
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

  /** A settled ref's value for another thread; `snapshot`: to be kept as it is now. */
  outcomeOf(ref: ObjectRef, to: number, snapshot = false): Outcome {
    const encoder = new Encoder(false)
    encoder.snapshot = snapshot
    encoder.start()
    let failed = ref.state === FAILED
    if (failed) encoder.thrown(ref.value)
    else if (ref.stored !== undefined) encoder.raw(ref.stored.bytes, ref.stored.attachments, ref.stored.refs)
    else
      try {
        encoder.section(ref.read(), 'the value')
      } catch (error) {
        // Somebody has changed it since it arrived.
        failed = true
        encoder.start()
        encoder.thrown(error)
      }
    if (encoder.refs.length > 0) this.book.transfer(encoder.refs, to)
    return { failed, bytes: encoder.copy(), attachments: [...encoder.attachments], held: encoder.refs.map(idOf) }
  }

  /** What another thread's `outcomeOf` sent. */
  settled({ failed, bytes, attachments }: Outcome): Settled {
    for (const { copied, object } of attachments) if (copied) markPrivate(object)
    const value = decode(bytes, {
      handle: (id) => attachments.find((attachment) => attachment.id === id)?.object,
      ref: (id) => this.book.ref(id, true),
      actor: (id, shape) => this.book.handle(id, shape, true),
    })
    return { failed, value }
  }
}

function decode(bytes: Uint8Array, names: Names): unknown {
  const decoder = new Decoder(names)
  const { buffer, byteOffset, byteLength } = bytes
  decoder.open(Buffer.from(buffer, byteOffset, byteLength), new DataView(buffer, byteOffset, byteLength), 0)
  return decoder.section()
}
