import { alone, type SelectionPolicy } from './selection.js'

/** FNV-1a, 32 bits, spread once more, so that names with a common beginning fall apart. */
function hash(text: string): number {
  let bits = 0x811c9dc5
  for (let i = 0; i < text.length; i++) bits = Math.imul(bits ^ text.charCodeAt(i), 0x01000193)
  bits ^= bits >>> 15
  bits = Math.imul(bits, 0x2c1b3c6d)
  return (bits ^ (bits >>> 12)) >>> 0
}

/**
 * A fixed share of the queries for each arm. A user always gets the same arm while the shares stay as they are; queries of nobody in
 * particular are drawn one by one.
 *
 * @param percentOf the share of arm `arm` of `arms`, percent; the shares of all come to 100, or the rest goes to the last
 */
function percentages(percentOf: (arm: number, arms: readonly string[]) => number): SelectionPolicy {
  const sharesOf = (arms: readonly string[]): number[] => {
    const shares = arms.slice(0, -1).map((_, arm) => percentOf(arm, arms) / 100)
    return [...shares, Math.max(0, 1 - shares.reduce((sum, share) => sum + share, 0))]
  }
  return {
    learns: false,
    select(_standing, arms, random, user) {
      const shares = sharesOf(arms)
      let left = user === '' ? random() : hash(user) / 2 ** 32
      let arm = 0
      while (arm < arms.length - 1 && left >= shares[arm]!) left -= shares[arm++]!
      return { arms: [arm], probability: shares[arm]! }
    },
    combine: (_standing, _chosen, predictions, first) => alone(predictions, first),
    weights: (_standing, arms) => sharesOf(arms),
    observe: () => [],
  }
}

export interface AbOptions {
  /** Percent by link, such as `{ "m:1": 50, "m:2": 50 }`; they come to 100. A link that is not named gets none. */
  readonly percentages: Readonly<Record<string, number>>
}

/** An A/B test. While a named link is not there its queries go to the last one. */
export const ab = ({ percentages: given }: AbOptions): SelectionPolicy =>
  percentages((arm, arms) => (Object.hasOwn(given, arms[arm]!) ? given[arms[arm]!]! : 0))

export interface CanaryOptions {
  /** The link that is tried out, such as "m:2". */
  readonly canary: string
  /** Its share of the queries; default 5. */
  readonly percent: number
}

/** A canary gets a small share of the queries, and the first of the other links all the rest. */
export const canary = ({ canary: tried, percent }: CanaryOptions): SelectionPolicy =>
  percentages((arm, arms) => {
    const usual = arms.findIndex((name) => name !== tried)
    if (arms[arm] === tried) return usual < 0 ? 100 : percent
    if (arm !== usual) return 0
    return arms.includes(tried) ? 100 - percent : 100
  })
