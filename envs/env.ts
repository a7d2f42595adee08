/**
 * An environment: what an agent acts in. The names and the meaning of everything here are Gymnasium's.
 *
 *     class Corridor extends Env<number, number> {
 *       override readonly observationSpace = new spaces.Discrete(5)
 *       override readonly actionSpace = new spaces.Discrete(2)
 *       private at = 0
 *       override reset({ seed }: ResetOptions = {}): [number, Info] {
 *         this.seedRandom(seed)
 *         return [(this.at = 0), {}]
 *       }
 *       override step(action: number): StepResult<number> {
 *         this.at = Math.max(0, this.at + (action === 1 ? 1 : -1))
 *         return [this.at, this.at === 4 ? 1 : 0, this.at === 4, false, {}]
 *       }
 *     }
 */
import type { EnvSpec } from './env-spec.js'
import { EnvError, InvalidKwargs } from './errors.js'
import { checkKwargs, checkOptionsObject } from './kwargs.js'
import type { Drawing } from './rendering/canvas.js'
import { npRandom, RandomGenerator, type RandomState, type Seed } from './seeding.js'
import { shown } from './shown.js'
import type { Space } from './spaces/index.js'
import { integerFromState, invalidState, isSavedObject, loadOrRestore } from './state.js'

export type Info = Record<string, unknown>

/** What happened in one step. `terminated`: the task ended; `truncated`: it was cut off (a time limit), so its future still has value. */
export type StepResult<Obs> = [observation: Obs, reward: number, terminated: boolean, truncated: boolean, info: Info]

export interface ResetOptions {
  /** Restarts the environment's random stream; without it the stream goes on. */
  seed?: Seed
  /** What an environment allows to be set for one episode. */
  options?: Record<string, unknown>
}

export interface EnvMetadata {
  renderModes: readonly string[]
  renderFps?: number
  /**
   * For playing by keyboard: the action for each set of keys held down, named as a browser names them and joined by '+' in alphabetic
   * order ('ArrowLeft', 'ArrowLeft+ArrowUp'); '' for none held, without which the environment waits for a key. Keys held together that
   * are not named so add up, where actions are arrays.
   */
  keysToAction?: Readonly<Record<string, unknown>>
  [key: string]: unknown
}

/** A picture: 8-bit red, green and blue, row by row from the top left, `3 * width * height` bytes. */
export interface RGBFrame {
  width: number
  height: number
  data: Uint8Array
}

/** 'rgb_array' gives an RGBFrame, 'ansi' a string; with 'rgb_array_list' and 'ansi_list' `render` gives a list of those. */
export type RenderFrame = RGBFrame | string

/** All that a later `setState` needs to go on exactly from here. Can be cloned structurally; JSON-able if the environment's own part is. */
export interface EnvState {
  random: RandomState | null
  seed: string | null
  /** The environment's own variables. */
  own: Record<string, unknown>
}

/** The state of a stack of wrappers: each wrapper's own variables, outermost first, around the environment's. */
export type StackState = EnvState | { wrapper: string; own: Record<string, unknown>; env: StackState }

/** @throws InvalidKwargs when `reset` was called with something else than an object, such as the bare seed, or with an option it does not have */
export function checkResetOptions(options: object, known: readonly string[] = ['seed', 'options']): void {
  if (typeof options === 'object' && options !== null) {
    checkKwargs('reset', options, known)
    const given = (options as ResetOptions).options ?? {}
    checkOptionsObject('options of reset', given)
    return
  }
  const instead =
    typeof options === 'number' || typeof options === 'bigint' ? `reset({ seed: ${shown(options)} })` : 'reset() or reset({ seed: 1 })'
  throw new InvalidKwargs(`reset takes { seed, options }, got ${shown(options)}; write ${instead}`)
}

/** Properties of the base class that `getState` leaves to the constructor. */
const NOT_STATE = new Set(['metadata', 'renderMode', 'spec', 'actionSpace', 'observationSpace', 'env'])

function copyOfProperties(env: Env): Record<string, unknown> {
  const own: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(env)) {
    if (NOT_STATE.has(name)) continue
    try {
      own[name] = structuredClone(value)
    } catch (cause) {
      throw new EnvError('ENVS_INVALID_STATE', `${env}.${name} cannot be saved; override saveOwn() and loadOwn()`, { cause })
    }
  }
  return own
}

function seedFromState(seed: unknown): Seed | null {
  if (seed === null) return null
  // What npRandomSeed says of a generator that was set from outside.
  if (seed === '-1') return -1
  const value = integerFromState(seed, 'seed')
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

export abstract class Env<Obs = unknown, Act = unknown> {
  abstract readonly actionSpace: Space<Act>
  abstract readonly observationSpace: Space<Obs>
  metadata: EnvMetadata = { renderModes: [] }
  renderMode: string | null = null
  #spec: EnvSpec | null = null
  #random: RandomGenerator | null = null
  #seed: Seed | null = null

  /** What is known of the environment besides its class; `make` fills it in from the registry. */
  get spec(): EnvSpec | null {
    return this.#spec
  }

  set spec(spec: EnvSpec | null) {
    this.#spec = spec
  }

  /** Starts an episode. An own environment calls `this.seedRandom(seed)` first. The observation must be a new object each time. */
  abstract reset(options?: ResetOptions): [observation: Obs, info: Info]

  /** Moves on by one action. Observation and info must be new objects each time. */
  abstract step(action: Act): StepResult<Obs>

  /** A frame in the `renderMode` given at construction, null where there is none. */
  render(): RenderFrame | null {
    return null
  }

  /** What there is to see, in shapes that a browser's canvas can paint too (`paintOn`), whatever the `renderMode`; null where there is nothing. */
  drawing(): Drawing | null {
    return null
  }

  /** Frees what the environment holds. May be called more than once. */
  close(): void {}

  /** The environment under all wrappers. */
  get unwrapped(): Env<unknown, unknown> {
    return this as Env<unknown, unknown>
  }

  /** Whether the environment, or a wrapper or environment inside it, has a property or method of that name. */
  hasWrapperAttr(name: string): boolean {
    return name in this
  }

  /** The outermost property of that name; a method comes bound to its object. @throws InvalidKwargs where there is none */
  getWrapperAttr(name: string): unknown {
    if (!(name in this)) throw new InvalidKwargs(`${this} has no property ${name}`)
    const value = (this as Record<string, unknown>)[name]
    return typeof value === 'function' ? value.bind(this) : value
  }

  /** Sets the outermost property of that name; where there is none it is made on the outermost object, unless `force` is false. */
  setWrapperAttr(name: string, value: unknown, { force = true }: { force?: boolean } = {}): boolean {
    if (!force && !(name in this)) return false
    ;(this as Record<string, unknown>)[name] = value
    return true
  }

  /** The environment's random stream, from fresh entropy where it was never seeded. */
  get npRandom(): RandomGenerator {
    if (this.#random === null) [this.#random, this.#seed] = npRandom()
    return this.#random
  }

  set npRandom(generator: RandomGenerator) {
    this.#random = generator
    this.#seed = -1
  }

  /** The seed of `npRandom`, or −1 where the generator was set from outside. */
  get npRandomSeed(): Seed {
    if (this.#seed === null) [this.#random, this.#seed] = npRandom()
    return this.#seed
  }

  /** Restarts the random stream if a seed is given; the first line of every own `reset`. */
  protected seedRandom(seed?: Seed): void {
    // JavaScript's callers write null for none.
    if (seed !== undefined && seed !== null) [this.#random, this.#seed] = npRandom(seed)
  }

  /** The random stream and the environment's own variables (`saveOwn`); the spaces' sampling streams are theirs. */
  getState(): StackState {
    return {
      random: this.#random?.getState() ?? null,
      seed: this.#seed === null ? null : this.#seed.toString(),
      own: this.saveOwn(),
    }
  }

  /** Goes on exactly where `getState` was called. @throws EnvError (ENVS_INVALID_STATE); then nothing has changed */
  setState(state: StackState): void {
    if (!isSavedObject(state as unknown) || !('random' in state) || !isSavedObject(state.own)) {
      throw invalidState(`not a state of ${this}; pass what getState() of the same kind of environment gave`)
    }
    const random = state.random === null ? null : RandomGenerator.fromState(state.random)
    const seed = seedFromState(state.seed)
    const before = this.saveOwn()
    loadOrRestore(
      () => this.loadOwn(state.own),
      () => this.loadOwn(before),
    )
    // The generator stays the same object: others may hold it.
    if (random !== null && this.#random !== null) this.#random.setState(random.getState())
    else this.#random = random
    this.#seed = seed
  }

  /**
   * The environment's own variables: unless overridden, a deep copy of its properties. A `#private` field cannot be seen from here,
   * and a property that cannot be cloned (a function, a socket) is an error; then override both `saveOwn` and `loadOwn`.
   */
  protected saveOwn(): Record<string, unknown> {
    return copyOfProperties(this)
  }

  /** @throws EnvError (ENVS_INVALID_STATE) for a variable of another type than the one that is there, or one that is no variable */
  protected loadOwn(own: Record<string, unknown>): void {
    for (const [name, value] of Object.entries(own)) {
      const current = (this as Record<string, unknown>)[name]
      const fits = current === undefined || current === null || value === null || typeof current === typeof value
      if (NOT_STATE.has(name) || typeof current === 'function' || !fits) {
        throw invalidState(`${name} of ${this} cannot become ${shown(value)}; pass what getState() of the same kind of environment gave`)
      }
    }
    Object.assign(this, structuredClone(own))
  }

  toString(): string {
    return this.spec ? `<${this.constructor.name}<${this.spec.id}>>` : `<${this.constructor.name}>`
  }
}
