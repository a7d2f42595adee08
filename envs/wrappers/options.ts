/** Reads of wrappers' options: each either gives what it should or throws an error that names the wrapper and the option. */
import { InvalidBound, InvalidKwargs, InvalidSpace } from '../errors.js'
import { shown } from '../shown.js'
import { Box, type Space } from '../spaces/index.js'

/** @throws InvalidKwargs */
export function integerOption(wrapper: string, name: string, value: unknown, least: number): number {
  if (Number.isInteger(value) && (value as number) >= least) return value as number
  throw new InvalidKwargs(`${name} of ${wrapper} must be an integer of at least ${least}, got ${shown(value)}`)
}

/** @throws InvalidBound */
export function numberWithin(wrapper: string, name: string, value: unknown, low: number, high: number, closed = false): number {
  if (typeof value === 'number' && value >= low && (value < high || (closed && value === high))) return value
  throw new InvalidBound(`${name} of ${wrapper} must be in [${low}, ${high}${closed ? ']' : ')'}, got ${shown(value)}`)
}

/** A number that is added to a variance under a root. @throws InvalidBound */
export function epsilonOption(wrapper: string, value: number): number {
  if (value > 0 && value < Infinity) return value
  throw new InvalidBound(`epsilon of ${wrapper} must be above 0, got ${shown(value)}`)
}

/** @throws InvalidKwargs */
export function functionOption<F>(wrapper: string, name: string, value: F): F {
  if (typeof value === 'function') return value
  throw new InvalidKwargs(`${name} of ${wrapper} must be a function, got ${shown(value)}`)
}

/** @throws InvalidSpace */
export function boxOf(wrapper: string, which: 'observation' | 'action', space: Space<unknown>): Box<'float32'> {
  if (space instanceof Box) return space
  throw new InvalidSpace(`${wrapper} needs a Box as ${which} space, got ${space}`)
}

/** A Box of 8-bit pictures, [height, width] or [height, width, channels]. @throws InvalidSpace */
export function imageSpace(wrapper: string, space: Space<unknown>): Box<'uint8'> {
  const box = boxOf(wrapper, 'observation', space) as unknown as Box<'uint8'>
  const plain = box.dtype === 'uint8' && box.low.every((low) => low === 0) && box.high.every((high) => high === 255)
  if (plain && (box.shape.length === 2 || box.shape.length === 3)) return box
  throw new InvalidSpace(
    `${wrapper} needs pictures, a Box from 0 to 255 of uint8 and shape [height, width] or [height, width, channels], got ${box}`,
  )
}
