import { entryPointOf } from './entry-points.js'
import { Env, type Info, type RenderFrame, type ResetOptions, type StackState, type StepResult } from './env.js'
import type { EnvSpec } from './env-spec.js'
import type { Drawing } from './rendering/canvas.js'
import type { RandomGenerator, Seed } from './seeding.js'
import type { Space } from './spaces/index.js'
import { invalidState, isSavedObject, loadOrRestore } from './state.js'

/**
 * An environment around another. Everything not overridden goes to the inner one, so a wrapper is only what it changes.
 * Its own variables are saved with the state if they are plain properties; what it was told once is kept in #private ones.
 * `InnerObs` and `InnerAct` are those of the environment inside, where the wrapper changes them.
 */
export abstract class Wrapper<Obs = unknown, Act = unknown, InnerObs = Obs, InnerAct = Act> extends Env<Obs, Act> {
  #actionSpace: Space<Act> | null = null
  #observationSpace: Space<Obs> | null = null
  readonly #kwargs: Record<string, unknown> | null

  /** @param kwargs the options a wrapper of the same kind is made again with; without them a spec cannot be made again */
  constructor(
    readonly env: Env<InnerObs, InnerAct>,
    kwargs: object | null = null,
  ) {
    super()
    this.#kwargs = kwargs as Record<string, unknown> | null
    this.metadata = env.metadata
    this.renderMode = env.renderMode
  }

  override get spec(): EnvSpec | null {
    const inner = this.env.spec
    return inner && this.specAround(inner)
  }

  override set spec(spec: EnvSpec | null) {
    this.env.spec = spec
  }

  /** The spec of the environment inside, with this wrapper added. */
  protected specAround(inner: EnvSpec): EnvSpec {
    const own = { name: this.constructor.name, entryPoint: entryPointOf(this.constructor), kwargs: this.#kwargs }
    return inner.with({ additionalWrappers: [...inner.additionalWrappers, own] })
  }

  override get actionSpace(): Space<Act> {
    return this.#actionSpace ?? (this.env.actionSpace as unknown as Space<Act>)
  }

  protected override set actionSpace(space: Space<Act>) {
    this.#actionSpace = space
  }

  override get observationSpace(): Space<Obs> {
    return this.#observationSpace ?? (this.env.observationSpace as unknown as Space<Obs>)
  }

  protected override set observationSpace(space: Space<Obs>) {
    this.#observationSpace = space
  }

  // Right where the wrapper changes neither observations nor actions; one that does overrides these.
  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    return this.env.reset(options) as unknown as [Obs, Info]
  }

  override step(action: Act): StepResult<Obs> {
    return this.env.step(action as unknown as InnerAct) as unknown as StepResult<Obs>
  }

  override render(): RenderFrame | null {
    return this.env.render()
  }

  override drawing(): Drawing | null {
    return this.env.drawing()
  }

  override close(): void {
    this.env.close()
  }

  override get unwrapped(): Env<unknown, unknown> {
    return this.env.unwrapped
  }

  override hasWrapperAttr(name: string): boolean {
    return name in this || this.env.hasWrapperAttr(name)
  }

  override getWrapperAttr(name: string): unknown {
    return name in this ? super.getWrapperAttr(name) : this.env.getWrapperAttr(name)
  }

  override setWrapperAttr(name: string, value: unknown, { force = true }: { force?: boolean } = {}): boolean {
    if (name in this) return super.setWrapperAttr(name, value)
    return this.env.setWrapperAttr(name, value, { force: false }) || (force && super.setWrapperAttr(name, value))
  }

  override get npRandom(): RandomGenerator {
    return this.env.npRandom
  }

  override set npRandom(generator: RandomGenerator) {
    this.env.npRandom = generator
  }

  override get npRandomSeed(): Seed {
    return this.env.npRandomSeed
  }

  override getState(): StackState {
    return { wrapper: this.constructor.name, own: this.saveOwn(), env: this.env.getState() }
  }

  override setState(state: StackState): void {
    const name = this.constructor.name
    if (!isSavedObject(state) || !('wrapper' in state) || state.wrapper !== name || !isSavedObject(state.own)) {
      throw invalidState(
        `not a state of ${this}: the stack of wrappers that saved it was another; make the environment as it was made then`,
      )
    }
    const [own, inner] = [this.saveOwn(), this.env.getState()]
    this.env.setState(state.env)
    loadOrRestore(
      () => this.loadOwn(state.own),
      () => {
        this.loadOwn(own)
        this.env.setState(inner)
      },
    )
  }

  override toString(): string {
    return `<${this.constructor.name}${this.env}>`
  }
}

/** A wrapper that changes observations, by `observation`. */
export abstract class ObservationWrapper<Obs = unknown, Act = unknown, InnerObs = unknown> extends Wrapper<Obs, Act, InnerObs, Act> {
  abstract observation(observation: InnerObs): Obs

  override reset(options?: ResetOptions): [observation: Obs, info: Info] {
    const [observation, info] = this.env.reset(options)
    return [this.observation(observation), info]
  }

  override step(action: Act): StepResult<Obs> {
    const [observation, reward, terminated, truncated, info] = this.env.step(action)
    return [this.observation(observation), reward, terminated, truncated, info]
  }
}

/** A wrapper that changes actions before the environment gets them, by `action`. */
export abstract class ActionWrapper<Obs = unknown, Act = unknown, InnerAct = unknown> extends Wrapper<Obs, Act, Obs, InnerAct> {
  abstract action(action: Act): InnerAct

  override step(action: Act): StepResult<Obs> {
    return this.env.step(this.action(action))
  }
}

/** A wrapper that changes rewards, by `reward`. */
export abstract class RewardWrapper<Obs = unknown, Act = unknown> extends Wrapper<Obs, Act> {
  abstract reward(reward: number): number

  override step(action: Act): StepResult<Obs> {
    const result = this.env.step(action)
    return [result[0], this.reward(result[1]), result[2], result[3], result[4]]
  }
}
