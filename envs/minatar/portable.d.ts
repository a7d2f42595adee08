/**
 * The rules of the games (`assembly/*.ts`, except index.ts and memory.ts there) are compiled twice: by TypeScript for single
 * environments, and by AssemblyScript for the vector kernels. They import nothing and use these names, which mean ordinary arrays here
 * and places in WebAssembly's memory there (`assembly/memory.ts`).
 */

/** A 32-bit integer; divisions are followed by `| 0`. */
type i32 = number

/** All variables of one game. */
type Words = Int32Array

/** One observation, zeroed before it is written. */
type Bytes = Uint8Array

/** The random draws of NumPy's RandomState. */
interface Draws {
  /** In [0, 1). */
  random(): number
  /** An integer in [low, high). */
  randint(low: i32, high: i32): i32
}
