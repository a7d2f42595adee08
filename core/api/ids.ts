/** Ids are minted by the thread that submits: its index times this, plus a counter; below 2⁵³. */
export const IDS_A_THREAD = 2 ** 40

/** The index of the thread that has minted an id. */
export function ownerOf(id: number): number {
  return Math.floor(id / IDS_A_THREAD)
}
