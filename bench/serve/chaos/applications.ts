/** The chaos' applications: how they are registered, and what they may answer. */
import { isDeepStrictEqual } from 'node:util'
import type { Answering } from './facts.js'
import { type Family, fn, type Input, policy, py, steady, troubledAnswer } from './models.js'

export interface Asked {
  readonly x: Input
  readonly sentAt: number
  readonly answeredAt: number
}

export interface ChaosApplication {
  readonly name: string
  readonly sloMs: number
  readonly selection?: unknown
  readonly overload?: 'default' | 'shed'
  readonly links: readonly string[]
  /** What is wrong with an output that is no default; undefined: nothing. */
  wrong(output: unknown, asked: Asked): string | undefined
}

/** No model answers this, so it is seen when a default is given as an answer. */
export const DEFAULT = 'the default'

function wrongOf(family: Family, answering: Answering) {
  return (output: unknown, { x, sentAt, answeredAt }: Asked): string | undefined => {
    const version = family.versionOf(output)
    if (version === undefined) return `${JSON.stringify(output)} is an answer of no version of ${family.name}`
    const expected = family.expected(version, x)
    if (!isDeepStrictEqual(output, expected)) return `${JSON.stringify(output)}, but version ${version} answers ${JSON.stringify(expected)}`
    return answering.may(version, sentAt, answeredAt) ? undefined : `an answer of version ${version}, which is not current`
  }
}

const is =
  (expected: (x: Input) => unknown) =>
  (output: unknown, { x }: Asked) =>
    isDeepStrictEqual(output, expected(x)) ? undefined : `${JSON.stringify(output)}; expected ${JSON.stringify(expected(x))}`

/** An arm says which it is, and each has its own answer. */
const ofArm =
  (arms: number) =>
  (output: unknown, { x }: Asked) => {
    const arm = fn.versionOf(output)
    const isRight = arm !== undefined && arm >= 0 && arm < arms && isDeepStrictEqual(output, fn.expected(arm, x))
    return isRight ? undefined : `${JSON.stringify(output)} is an answer of no arm`
  }

export const ARMS = ['arm-0', 'arm-1', 'arm-2']
export const MEMBERS = ['member-0', 'member-1', 'member-2']

export function chaosApplications(answering: ReadonlyMap<string, Answering>, hasPython: boolean): ChaosApplication[] {
  const families = hasPython ? [policy, fn, py] : [policy, fn]
  return [
    ...families.map((family) => ({
      name: family.name,
      sloMs: family === py ? 300 : 100,
      links: [family.name],
      wrong: wrongOf(family, answering.get(family.name)!),
    })),
    { name: 'bandit', sloMs: 100, selection: 'exp3', links: ARMS, wrong: ofArm(ARMS.length) },
    { name: 'pulls', sloMs: 100, selection: 'ucb1', links: ARMS, wrong: ofArm(ARMS.length) },
    { name: 'ensemble', sloMs: 60, selection: 'exp4', links: MEMBERS, wrong: is(steady) },
    { name: 'trouble', sloMs: 100, links: ['trouble'], wrong: is(troubledAnswer) },
    { name: 'wild', sloMs: 100, links: ['wild'], wrong: is(steady) },
    { name: 'shedding', sloMs: 20, overload: 'shed', links: ['trouble'], wrong: is(troubledAnswer) },
  ]
}
