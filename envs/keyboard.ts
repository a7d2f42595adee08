/** Playing an environment by the keys of a keyboard: which action those held down stand for. */
import type { Env } from './env.js'
import { Box, Discrete } from './spaces/index.js'

/** For motors, one of a column each: the upper key drives forwards, the lower one backwards. */
const FORWARDS = [...'qwertyuiop1234567']
const BACKWARDS = [...'asdfghjkl;zxcvbnm']
const MOST_CHOICES = 10
/** Actions of more numbers are explained by those that are not at rest. */
const FEW = 3

/**
 * Who plays, and which action the keys held down stand for: those of `metadata.keysToAction`, or, where an environment names none, arrows or
 * digits for up to ten choices, and for up to 17 motors (a Box of one axis with finite bounds) arrows or pairs of letters. Several keys
 * held that have no name together are the sum of what each does, where actions are arrays; else the last of them in the alphabet counts.
 */
export class Keyboard {
  playing = false
  readonly known: ReadonlySet<string>
  readonly #actions: Readonly<Record<string, unknown>>
  readonly #space: Env['actionSpace']

  constructor({ actionSpace, metadata }: Env) {
    this.#space = actionSpace
    this.#actions = metadata.keysToAction ?? usualKeys(actionSpace)
    this.known = new Set(Object.keys(this.#actions).flatMap((held) => (held === '' ? [] : held.split('+'))))
  }

  /** One line for the page. */
  get help(): string {
    const named = Object.entries(this.#actions).filter(([held]) => held !== '')
    if (named.length === 0) return 'no keys are known for this environment'
    const list = named.map(([held, action]) => `${held.replaceAll('Arrow', '').replace(/^ $/, 'Space')}: ${this.#told(action)}`)
    return `keys: ${list.join(' · ')} · Escape gives back`
  }

  #told(action: unknown): string {
    const numbers = numbersOf(action)
    if (numbers === null) return JSON.stringify(action)
    const rest = numbersOf(this.#actions['']) ?? []
    const driven = numbers.map((number, i) => `#${i} ${Number(number.toPrecision(3))}`).filter((_, i) => numbers[i] !== rest[i])
    return numbers.length > FEW ? driven.join(' ') : `[${numbers}]`
  }

  /** The action of the keys held; `waits` where the player holds none that means one. */
  choose(held: readonly string[]): { action?: unknown; waits: boolean } {
    if (held.includes('Escape')) this.playing = false
    const mine = held.filter((key) => this.known.has(key)).sort()
    if (mine.length > 0 && !held.includes('Escape')) this.playing = true
    if (!this.playing) return { waits: false }
    const action = this.#actions[mine.join('+')] ?? this.#sum(mine) ?? this.#actions[mine.at(-1) ?? '']
    return { action, waits: action === undefined }
  }

  /** What the keys do to the action at rest, added up and kept within the space; null unless all are arrays. */
  #sum(keys: readonly string[]): number[] | null {
    const rest = numbersOf(this.#actions[''])
    const each = keys.map((key) => numbersOf(this.#actions[key]))
    if (!(this.#space instanceof Box) || rest === null || each.includes(null)) return null
    const { high, low } = this.#space
    return rest.map((still, i) => {
      const moved = each.reduce((sum, numbers) => sum + numbers![i]! - still, still)
      return Math.min(Math.max(moved, low[i]!), high[i]!)
    })
  }
}

function numbersOf(action: unknown): number[] | null {
  return Array.isArray(action) || ArrayBuffer.isView(action) ? Array.from(action as ArrayLike<number>) : null
}

function usualKeys(space: Env['actionSpace']): Record<string, unknown> {
  if (space instanceof Discrete) return choiceKeys(space)
  return space instanceof Box && space.shape.length === 1 && space.isBounded() ? motorKeys(space) : {}
}

function choiceKeys({ n, start }: Discrete): Record<string, unknown> {
  if (n > MOST_CHOICES) return {}
  if (n === 2) return { ArrowLeft: start, ArrowRight: start + 1 }
  return Object.fromEntries(Array.from({ length: n }, (_, k) => [String(k), start + k]))
}

function motorKeys({ high, low }: Box): Record<string, unknown> {
  const motors = low.length
  if (motors > FORWARDS.length) return {}
  const [forwards, backwards] =
    motors <= 2
      ? [
          ['ArrowRight', 'ArrowUp'],
          ['ArrowLeft', 'ArrowDown'],
        ]
      : [FORWARDS, BACKWARDS]
  const rest = Array.from(low, (least, i) => Math.min(Math.max(0, least), high[i]!))
  const driven = (i: number, value: number) => rest.map((still, k) => (k === i ? value : still))
  const keys: Record<string, unknown> = { '': rest }
  for (let i = 0; i < motors; i++) {
    keys[forwards[i]!] = driven(i, high[i]!)
    keys[backwards[i]!] = driven(i, low[i]!)
  }
  return keys
}
