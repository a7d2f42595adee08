/** The kernels of `assembly/` on a memory: one build for memories shared between threads, one for others, such as a page has without isolation. */
import { compileWasm } from '../wasm.js'

/** Each takes the address of a batch (assembly/batch.ts). */
export interface EnvKernels {
  /** The first environment whose action is not in its space, or −1. */
  wrongChoice(batch: number): number
  wrongNumber(batch: number): number
  acrobotStep(batch: number): void
  acrobotReset(batch: number): void
  blackjackStep(batch: number): void
  blackjackReset(batch: number): void
  cartPoleStep(batch: number): void
  cartPoleReset(batch: number): void
  continuousMountainCarStep(batch: number): void
  continuousMountainCarReset(batch: number): void
  mountainCarStep(batch: number): void
  mountainCarReset(batch: number): void
  pendulumStep(batch: number): void
  pendulumReset(batch: number): void
  tabularStep(batch: number): void
  tabularReset(batch: number): void
}

/** A task whose step and reset are kernels. */
export type KernelName = { [K in keyof EnvKernels]: K extends `${infer Name}Step` ? Name : never }[keyof EnvKernels]

const compiled = new Map<boolean, WebAssembly.Module>()
const instances = new WeakMap<WebAssembly.Memory, EnvKernels>()

/** The kernels on `memory`, which need bytes 64–128 KiB of it for themselves. Compiled once a thread, instantiated once a memory. */
export function envKernels(memory: WebAssembly.Memory): EnvKernels {
  let kernels = instances.get(memory)
  if (!kernels) {
    const env = { memory, sin: Math.sin, cos: Math.cos, remainder: (x: number, by: number) => x % by }
    kernels = new WebAssembly.Instance(moduleFor(!(memory.buffer instanceof ArrayBuffer)), { env }).exports as unknown as EnvKernels
    instances.set(memory, kernels)
  }
  return kernels
}

function moduleFor(isShared: boolean): WebAssembly.Module {
  let module = compiled.get(isShared)
  if (!module) {
    module = compileWasm(new URL(isShared ? './kernels.wasm' : './kernels-unshared.wasm', import.meta.url))
    compiled.set(isShared, module)
  }
  return module
}
