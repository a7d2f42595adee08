import type { BatchReply, OutputDescription } from '../containers/container.js'
import { bytesOf, MOST_OUTPUT_BYTES } from '../containers/replies.js'
import { LARGEST_BATCH } from './policies.js'

/** Half of a reply: items may take more than those before them did. */
const ROOM_BYTES = MOST_OUTPUT_BYTES / 2
/** Outputs of so few bytes fit into a reply however many items there are. */
const LIGHT_BYTES = ROOM_BYTES / LARGEST_BATCH

/** How many items a batch may have so that their outputs fit into one reply: by what the model says they take, and what they took. */
export class ReplyRoom {
  #itemBytes: number

  constructor(outputs: readonly OutputDescription[]) {
    this.#itemBytes = outputs.reduce((sum, output) => sum + bytesOf(output), 0)
  }

  get mostItems(): number {
    if (this.#itemBytes === 0) return Number.POSITIVE_INFINITY
    return Math.max(1, Math.floor(ROOM_BYTES / this.#itemBytes))
  }

  /** (What takes little is not remembered: it never fills a reply.) */
  saw(size: number, { outputs }: BatchReply): void {
    const bytes = outputs.reduce((sum, { elements }) => sum + elements.byteLength, 0)
    if (bytes / size > this.#itemBytes && bytes / size > LIGHT_BYTES) this.#itemBytes = bytes / size
  }
}
