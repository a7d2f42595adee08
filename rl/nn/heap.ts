/**
 * One `WebAssembly.Memory` for everything that learns: parameters, gradients, activations, rollout columns. It is shared between
 * threads, and kernels read and write it in place, so no array is ever copied to be computed on.
 *
 *     0        64         128       1 KiB               64 KiB                128 KiB
 *     | unused | header   | unused  | static data of    | static data of      | heap …
 *     |        | (below)  |         | rl/nn's kernels   | other kernels       |
 *
 * Allocation only moves a pointer up; nothing is freed but the whole memory. A program allocates when it sets up, not as it runs.
 */
import { NnError } from './errors.js'

/** The one place that says whether memories are shared. Pages without cross-origin isolation need `false` and a second kernel build. */
const SHARED = true
const PAGE = 65_536
const ALIGNMENT = 64
const HEAP_BASE = 2 * PAGE
const GROWTH_PAGES = 64
const DEFAULT_MAXIMUM_BYTES = 2 ** 30
const LARGEST_MAXIMUM_BYTES = 2 ** 32

/** The header, as int32 words from byte 64 on. The pointer counts units of 64 bytes, so that it fits an int32 over all 4 GiB. */
const HEADER_BYTE_OFFSET = 64
const HEADER_WORDS = 3
const POINTER = 0
const IDENTITY = 1
const MAXIMUM_PAGES = 2

/** Any view that can lie in a heap. */
export type HeapView = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array

const byMemory = new WeakMap<WebAssembly.Memory, Heap>()
const byIdentity = new Map<number, WeakRef<Heap>>()
/** Growth gives a shared memory a new buffer object and leaves the old ones valid, so a heap has several. */
const byBuffer = new WeakMap<ArrayBufferLike, Heap>()

export class Heap {
  readonly memory: WebAssembly.Memory
  #header: Int32Array

  /** A new memory that can grow to `maximumBytes` (1 GiB unless told; untouched pages cost nothing). */
  static create(maximumBytes: number = DEFAULT_MAXIMUM_BYTES): Heap {
    const most = Math.floor(maximumBytes / PAGE)
    if (!(most >= 3 && maximumBytes <= LARGEST_MAXIMUM_BYTES)) {
      throw new NnError(
        'HEAP_FULL',
        `a heap's maximum must lie between ${3 * PAGE} and ${LARGEST_MAXIMUM_BYTES} bytes; given ${maximumBytes}`,
      )
    }
    const memory = new WebAssembly.Memory({ initial: 3, maximum: most, shared: SHARED })
    const heap = Heap.attach(memory)
    Atomics.store(heap.#header, MAXIMUM_PAGES, most)
    return heap
  }

  /** The heap in a memory that another thread (or an earlier call) made; the same object each time within a thread. */
  static attach(memory: WebAssembly.Memory): Heap {
    let heap = byMemory.get(memory)
    if (!heap) {
      heap = new Heap(memory)
      byMemory.set(memory, heap)
    }
    return heap
  }

  private constructor(memory: WebAssembly.Memory) {
    this.memory = memory
    if (memory.buffer.byteLength < HEAP_BASE) memory.grow((HEAP_BASE - memory.buffer.byteLength) / PAGE)
    this.#header = new Int32Array(memory.buffer, HEADER_BYTE_OFFSET, HEADER_WORDS)
    // Whoever comes first writes; the others find it written.
    Atomics.compareExchange(this.#header, POINTER, 0, HEAP_BASE / ALIGNMENT)
    Atomics.compareExchange(this.#header, IDENTITY, 0, crypto.getRandomValues(new Int32Array(1))[0]! | 1)
    byIdentity.set(this.#header[IDENTITY]!, new WeakRef(this))
    byBuffer.set(memory.buffer, this)
  }

  float32(length: number): Float32Array {
    return this.viewFloat32(this.#allocate(length, 4), length)
  }

  float64(length: number): Float64Array {
    return this.viewFloat64(this.#allocate(length, 8), length)
  }

  int32(length: number): Int32Array {
    return this.viewInt32(this.#allocate(length, 4), length)
  }

  uint32(length: number): Uint32Array {
    return this.viewUint32(this.#allocate(length, 4), length)
  }

  uint8(length: number): Uint8Array {
    return this.viewUint8(this.#allocate(length, 1), length)
  }

  /** A view of what was allocated elsewhere, e.g. in another thread that sent `byteOffset` and `length` over. */
  viewFloat32(byteOffset: number, length: number): Float32Array {
    return new Float32Array(this.#buffer(), byteOffset, length)
  }

  viewFloat64(byteOffset: number, length: number): Float64Array {
    return new Float64Array(this.#buffer(), byteOffset, length)
  }

  viewInt32(byteOffset: number, length: number): Int32Array {
    return new Int32Array(this.#buffer(), byteOffset, length)
  }

  viewUint32(byteOffset: number, length: number): Uint32Array {
    return new Uint32Array(this.#buffer(), byteOffset, length)
  }

  viewUint8(byteOffset: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer(), byteOffset, length)
  }

  /** Bytes allocated so far, the first 128 KiB of header and static data included. */
  get usedBytes(): number {
    return Atomics.load(this.#header, POINTER) * ALIGNMENT
  }

  /**
   * The byte offset of a view for a kernel. Refuses a view of another memory, and one shorter than `length` elements:
   * the one place where arguments of kernels are checked.
   */
  address(view: HeapView, length: number, name: string): number {
    if (heapOf(view, name) !== this) throw outside(view, name)
    if (!(view.length >= length)) {
      throw new NnError('VIEW_TOO_SHORT', `${name} has ${view.length} elements; the shapes given with it need ${length}`)
    }
    return view.byteOffset
  }

  /** The buffer at its present size, known from now on as this heap's. */
  #buffer(): ArrayBuffer {
    const buffer = this.memory.buffer
    byBuffer.set(buffer, this)
    return buffer
  }

  #allocate(length: number, bytesPerElement: number): number {
    if (!Number.isSafeInteger(length) || length < 0) throw new RangeError(`a length must be a whole number ≥ 0; given ${length}`)
    const units = Math.ceil((length * bytesPerElement) / ALIGNMENT)
    for (;;) {
      const start = Atomics.load(this.#header, POINTER)
      this.#growTo((start + units) * ALIGNMENT, length * bytesPerElement)
      // The pointer moves only after the memory is there, so a failed allocation leaves nothing behind; another thread may win.
      if (Atomics.compareExchange(this.#header, POINTER, start, start + units) === start) return start * ALIGNMENT
    }
  }

  #growTo(end: number, wanted: number): void {
    for (let before = this.memory.buffer.byteLength; before < end; ) {
      const pages = Math.ceil((end - before) / PAGE)
      if (!this.#grow(Math.max(pages, GROWTH_PAGES)) && !this.#grow(pages)) {
        const after = this.memory.buffer.byteLength
        if (after === before) throw this.#full(wanted)
      }
      before = this.memory.buffer.byteLength
    }
  }

  #grow(pages: number): boolean {
    try {
      this.memory.grow(pages)
      return true
    } catch {
      return false
    }
  }

  #full(wanted: number): NnError {
    const maximum = Atomics.load(this.#header, MAXIMUM_PAGES) * PAGE
    const limit = maximum > 0 ? `${maximum} bytes at most` : 'its maximum'
    return new NnError(
      'HEAP_FULL',
      `no room for ${wanted} bytes: the heap uses ${this.usedBytes} and may hold ${limit}; create it larger, Heap.create(maximumBytes)`,
    )
  }
}

/** The heap that a view lies in, among those of this thread. */
export function heapOf(view: HeapView, name: string): Heap {
  const known = byBuffer.get(view.buffer)
  if (known) return known
  // A buffer from before a growth, or one that came from another thread, shows whose it is by the header in it.
  const isShared = !(view.buffer instanceof ArrayBuffer)
  if (isShared === SHARED && view.buffer.byteLength >= HEAP_BASE) {
    const identity = new Int32Array(view.buffer, HEADER_BYTE_OFFSET, HEADER_WORDS)[IDENTITY]!
    const heap = byIdentity.get(identity)?.deref()
    if (heap) {
      byBuffer.set(view.buffer, heap)
      return heap
    }
  }
  throw outside(view, name)
}

function outside(view: HeapView, name: string): NnError {
  return new NnError(
    'VIEW_OUTSIDE_HEAP',
    `${name} (${view.constructor.name} of ${view.length}) does not lie in the heap used here; ` +
      'allocate it there (heap.float32(length), …), or Heap.attach(memory) in this thread if it comes from another one',
  )
}
