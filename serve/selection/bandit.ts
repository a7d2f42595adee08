import { LRUCache } from 'lru-cache'
import type { Lesson, State, Taught } from '../state/state.js'
import { type Choice, type Combined, FIELDS, type Losses, type SelectionPolicy, type Standing } from './selection.js'

/** Users whose standings stay in memory; the others' are read again from the state. */
const USERS_KEPT = 10_000
const NOTHING: Standing = new Float64Array(0)

interface Known {
  readonly standing: Standing
  /** How many lessons it is made of, where several frontends teach. */
  readonly lessons: number
}

/** A query's choice, and what it was made of. */
export interface Selected {
  readonly user: string
  readonly standing: Standing
  /** Of the arms that are asked. */
  readonly names: readonly string[]
  readonly choice: Choice
}

/**
 * One application's choosing and learning: its selection policy, and the standings that it learns, one a user (Clipper, section 5.3).
 * Queries without a user share one. A user is whatever the caller says: a person, a context or a session. What is learned is added to the
 * state, by the arms' names, so links may come and go.
 */
export class Bandit {
  #arms: readonly string[] = []
  /** Each arm's name alone, as many queries as ask it keep the one list. */
  #alone: readonly (readonly string[])[] = []
  readonly #standings = new LRUCache<string, Known>({ max: USERS_KEPT })
  readonly #reading = new Map<string, Promise<Standing>>()

  constructor(
    private readonly application: string,
    readonly policy: SelectionPolicy,
    private readonly state: Pick<State, 'standing'>,
    private readonly random: () => number = Math.random,
  ) {}

  /** The names of the links, in their order. */
  setArms(arms: readonly string[]): void {
    this.#arms = arms
    this.#alone = arms.map((arm) => [arm])
    this.forget()
  }

  /** What is known for a user; a promise where it has to be read first. */
  standing(user: string): Standing | Promise<Standing> {
    if (!this.policy.learns) return NOTHING
    const known = this.#standings.get(user)
    if (known !== undefined) return known.standing
    const reading = this.#reading.get(user)
    if (reading !== undefined) return reading
    const taught = this.state.standing(this.#key(user))
    return taught instanceof Promise ? this.#read(user, taught) : this.#keep(user, taught)
  }

  #read(user: string, taught: Promise<Taught>): Promise<Standing> {
    const reading = taught
      .then((read) => this.#keep(user, read))
      .finally(() => {
        if (this.#reading.get(user) === reading) this.#reading.delete(user)
      })
    this.#reading.set(user, reading)
    return reading
  }

  /** Of somebody of whom nothing is known. */
  blank(): Standing {
    return new Float64Array(this.#arms.length * FIELDS)
  }

  #key(user: string): string {
    return `${this.application}/${user}`
  }

  #keep(user: string, { sums, lessons = 0 }: Taught): Standing {
    const known = this.#standings.get(user)
    // What was asked for first may come last.
    if (known !== undefined && known.lessons > lessons) return known.standing
    const standing = this.blank()
    for (const [arm, name] of this.#arms.entries()) standing.set(sums.get(name) ?? [], arm * FIELDS)
    this.#standings.set(user, { standing, lessons })
    return standing
  }

  /** What has been learned of a user, here or by another frontend. */
  heard(user: string, taught: Taught): void {
    if (this.#standings.has(user) || this.#reading.has(user)) this.#keep(user, taught)
  }

  /** Everything is to be read again. */
  forget(): void {
    this.#standings.clear()
    this.#reading.clear()
  }

  /**
   * Chooses for one query among the arms that can answer now.
   * @param able their places among the links; all where undefined
   */
  select(user: string, read: Standing, able?: readonly number[]): Selected {
    // One that was read before the links changed is of other arms.
    const standing = this.policy.learns && read.length !== this.#arms.length * FIELDS ? this.blank() : read
    if (able === undefined) return this.#selected(user, standing, this.policy.select(standing, this.#arms, this.random, user))
    const part =
      standing.length === 0 ? standing : Float64Array.from(able.flatMap((arm) => [...standing.subarray(arm * FIELDS, (arm + 1) * FIELDS)]))
    const { arms, probability } = this.policy.select(
      part,
      able.map((arm) => this.#arms[arm]!),
      this.random,
      user,
    )
    return this.#selected(user, standing, { arms: arms.map((arm) => able[arm]!), probability })
  }

  #selected(user: string, standing: Standing, choice: Choice): Selected {
    const { arms } = choice
    return { user, standing, choice, names: arms.length === 1 ? this.#alone[arms[0]!]! : arms.map((arm) => this.#arms[arm]!) }
  }

  combine({ standing, choice }: Selected, predictions: Parameters<SelectionPolicy['combine']>[2], first: number): Combined | undefined {
    return this.policy.combine(standing, choice.arms, predictions, first)
  }

  /**
   * What the losses of the arms that a query asked teach. Arms that are no longer linked are passed over.
   * @param arms the names of the asked ones
   */
  async lesson(user: string, arms: readonly string[], probability: number, losses: Losses): Promise<Omit<Lesson, 'entry' | 'queryId'>> {
    const { widestGap = Infinity } = this.policy
    const sums = new Map<string, number[]>()
    const lesson = { key: this.#key(user), sums, widestGap }
    if (!this.policy.learns) return lesson
    const standing = await this.standing(user)
    const links = this.#arms
    const places = arms.map((name) => links.indexOf(name))
    const choice = { arms: places.filter((arm) => arm >= 0), probability }
    const heard = losses.filter((_, i) => places[i]! >= 0)
    const increments = this.policy.observe(standing, choice, heard)
    if (increments.length === 0) return lesson
    for (const name of links) sums.set(name, new Array<number>(FIELDS).fill(0))
    for (const { arm, field, by } of increments) sums.get(links[arm]!)![field]! += by
    return lesson
  }

  /** What the policy goes by for queries of nobody in particular; see `SelectionPolicy.weights`. */
  get weights(): readonly number[] | undefined {
    const standing = this.standing('')
    if (!(standing instanceof Promise)) return this.policy.weights(standing, this.#arms)
    // It is known the next time; whether the state is away is told elsewhere.
    standing.catch(() => {})
    return undefined
  }

  get arms(): readonly string[] {
    return this.#arms
  }
}
