import { totalmem } from 'node:os'

/** As in Ray. */
const SHARE_OF_MEMORY = 0.3

/** `objectStoreBytes` where none is given: 30 % of the machine's memory, or of what this process may use of it (its control group), if that is less. */
export function defaultStoreBytes(): number {
  // 0 or a number beyond all memory where there is no limit.
  const allowed = process.constrainedMemory() || Infinity
  return Math.floor(Math.min(totalmem(), allowed) * SHARE_OF_MEMORY)
}
