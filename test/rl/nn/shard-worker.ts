/** Computes the gradients of one shard in a memory that came from another thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { Heap } from '../../../rl/nn/heap.js'
import { Mlp, type MlpDescription } from '../../../rl/nn/mlp.js'

export interface Shard {
  memory: WebAssembly.Memory
  description: MlpDescription
  /** Byte offsets of parameters, rows and output gradients; rows and outputs from row `from` on. */
  params: number
  x: number
  dOutput: number
  /** Byte offset of an int32 that counts the threads that have come to the allocations. */
  barrier: number
  threads: number
  from: number
  n: number
}

const { memory, description, params, x, dOutput, barrier, threads, from, n } = workerData as Shard
const heap = Heap.attach(memory)
const mlp = new Mlp(heap, description, { maxBatch: n })
const width = description.sizes[0]!
const outputs = description.sizes.at(-1)!
const shared = heap.viewFloat32(params, mlp.parameterCount)
const gradients = mlp.parameters()
const rows = heap.viewFloat32(x + from * width * 4, n * width)
mlp.forward(shared, rows, n)
mlp.backward(shared, gradients, rows, heap.viewFloat32(dOutput + from * outputs * 4, n * outputs), n)
// Many small allocations begun at once, so that the threads meet at the heap's pointer.
const arrived = heap.viewInt32(barrier, 1)
const mine = Atomics.add(arrived, 0, 1) + 1
Atomics.notify(arrived, 0)
for (let seen = mine; seen < threads; seen = Atomics.load(arrived, 0)) Atomics.wait(arrived, 0, seen)
const offsets = Int32Array.from({ length: 20_000 }, () => heap.uint8(100).byteOffset)
parentPort?.postMessage({ gradients: gradients.byteOffset, offsets })
