/** Maps of frozen lakes: S start, F frozen, H hole, G goal. */
import { InvalidKwargs } from '../errors.js'
import { RandomGenerator, type Seed } from '../seeding.js'
import { shown } from '../shown.js'

export const FROZEN_LAKE_MAPS = {
  '4x4': ['SFFF', 'FHFH', 'FFFH', 'HFFG'],
  '8x8': ['SFFFFFFF', 'FFFFFFFF', 'FFFHFFFF', 'FFFFFHFF', 'FFFHFFFF', 'FHHFFFHF', 'FHFFHFHF', 'FFFHFFFG'],
} as const

const MOST_ROWS = 1000

export interface RandomMapOptions {
  /** Rows, and as many columns; 8 unless told. */
  size?: number
  /** How likely a tile is frozen and no hole; 0.8 unless told, 1 at most. */
  p?: number
  seed?: Seed
}

/**
 * A square map that can be solved: drawn again until there is a way from the start (top left) to the goal (bottom right). Gymnasium's
 * `generate_random_map`, same seed, same map.
 *
 * @throws InvalidKwargs
 */
export function generateRandomMap({ size = 8, p = 0.8, seed }: RandomMapOptions = {}): string[] {
  if (!(Number.isInteger(size) && size >= 2 && size <= MOST_ROWS))
    throw new InvalidKwargs(`size of a map is a whole number from 2 to ${MOST_ROWS}, got ${shown(size)}`)
  if (!(p > 0)) throw new InvalidKwargs(`p of a map must be above 0, or no way would ever be found, got ${shown(p)}`)
  const frozen = Math.min(1, p)
  const random = new RandomGenerator(seed)
  for (;;) {
    const tiles: string[] = Array.from(random.choices(2, size * size, { p: [frozen, 1 - frozen] }), (kind) => (kind === 0 ? 'F' : 'H'))
    tiles[0] = 'S'
    tiles[size * size - 1] = 'G'
    if (hasWay(tiles, size)) return Array.from({ length: size }, (_, row) => tiles.slice(row * size, (row + 1) * size).join(''))
  }
}

function hasWay(tiles: readonly string[], size: number): boolean {
  const seen = new Set<number>()
  const frontier = [0]
  for (let at = frontier.pop(); at !== undefined; at = frontier.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    const row = Math.floor(at / size)
    const col = at % size
    if (tiles[at] === 'G') return true
    if (tiles[at] === 'H') continue
    if (row > 0) frontier.push(at - size)
    if (row + 1 < size) frontier.push(at + size)
    if (col > 0) frontier.push(at - 1)
    if (col + 1 < size) frontier.push(at + 1)
  }
  return false
}

/** @throws InvalidKwargs for anything that is no rectangle of S, F, H and G with a start */
export function checkMap(desc: unknown): asserts desc is readonly string[] {
  const rows = Array.isArray(desc) ? desc : []
  const width = typeof rows[0] === 'string' ? rows[0].length : 0
  const rectangle = width > 0 && rows.every((row) => typeof row === 'string' && row.length === width && /^[SFHG]+$/.test(row))
  if (!rectangle) throw new InvalidKwargs(`desc is a list of equally long rows of S, F, H and G, such as ['SF', 'HG'], got ${shown(desc)}`)
  if (!rows.some((row: string) => row.includes('S'))) throw new InvalidKwargs(`desc needs a start, S, got ${shown(desc)}`)
}
