import { InvalidBound } from '../errors.js'

/** The interval of reset states: the defaults, or `options.low` and `options.high`. @throws InvalidBound */
export function resetBounds(
  options: Record<string, unknown> | undefined,
  defaultLow: number,
  defaultHigh: number,
): [low: number, high: number] {
  const bound = (name: 'low' | 'high', otherwise: number): number => {
    const given = options?.[name]
    const value = given === undefined ? otherwise : Number(given)
    if (Number.isNaN(value) || given === null) throw new InvalidBound(`options.${name} must be a number, got ${String(given)}`)
    return value
  }
  const low = bound('low', defaultLow)
  const high = bound('high', defaultHigh)
  if (low > high) throw new InvalidBound(`options.low must not be above options.high, got ${low} and ${high}`)
  return [low, high]
}
