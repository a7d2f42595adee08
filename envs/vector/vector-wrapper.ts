import type { RenderFrame } from '../env.js'
import { UnsupportedMode } from '../errors.js'
import type { DtypeArray, Space } from '../spaces/index.js'
import { invalidState } from '../state.js'
import { targetFor } from './arguments.js'
import { detached } from './batches.js'
import { VectorEnv } from './vector-env.js'
import type { ObservationTarget, VectorActions, VectorEnvState, VectorInfos, VectorResetOptions, VectorStep } from './vector-types.js'

/** What a wrapper changes of the spaces; the batched one follows from the single one unless given. */
export interface ChangedSpaces {
  singleObservationSpace?: Space
  observationSpace?: Space
  singleActionSpace?: Space
  actionSpace?: Space
}

const none = new Float64Array(0)
const noFlags = new Uint8Array(0)
/** A wrapper hands on what comes from inside, and needs no arrays for it. */
const NO_BUFFERS = {
  observations: none,
  rewards: none,
  terminated: noFlags,
  truncated: noFlags,
  ended: noFlags,
  finalObs: none,
  finalMask: noFlags,
}

/** Several environments under a change; like what it wraps it gives the same objects at every step, unless that was made with `copy`. */
export abstract class VectorWrapper<Obs = Float32Array, InnerObs = Obs> extends VectorEnv<Obs> {
  constructor(
    readonly env: VectorEnv<InnerObs>,
    changed: ChangedSpaces = {},
  ) {
    const { numEnvs, autoresetMode, copy, singleActionSpace, singleObservationSpace } = env
    // The inner batched space itself where it stays: it may have been seeded.
    const actions = changed.singleActionSpace ? {} : { actionSpace: env.actionSpace }
    const observations = changed.singleObservationSpace ? {} : { observationSpace: env.observationSpace }
    const inner = { singleActionSpace, singleObservationSpace, ...actions, ...observations }
    super({ numEnvs, autoresetMode, copy, ...inner, ...changed, arrays: NO_BUFFERS })
    this.metadata = env.metadata
    this.renderMode = env.renderMode
    this.spec = env.spec
    this.columnMajor = env.columnMajor && changed.singleObservationSpace === undefined
  }

  /** The environments under all wrappers. */
  override get unwrapped(): VectorEnv<unknown> {
    return this.env.unwrapped
  }

  // Right where the wrapper does not change observations; one that does overrides these.
  override reset(options: VectorResetOptions<Obs> = {}): [observations: Obs, infos: VectorInfos<Obs>] {
    return this.env.reset(options as VectorResetOptions<unknown> as VectorResetOptions<InnerObs>) as unknown as [Obs, VectorInfos<Obs>]
  }

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    return this.env.step(actions, target as ObservationTarget<unknown> as ObservationTarget<InnerObs>) as unknown as VectorStep<Obs>
  }

  override call(name: string, ...args: unknown[]): unknown[] {
    return this.env.call(name, ...args)
  }

  override setAttr(name: string, values: unknown): void {
    this.env.setAttr(name, values)
  }

  override render(): RenderFrame[] | null {
    return this.env.render()
  }

  override close(): void {
    this.env.close()
  }

  override getState(): VectorEnvState {
    return { kind: this.constructor.name, numEnvs: this.numEnvs, own: { ...this.saveOwn(), env: this.env.getState() } }
  }

  override setState({ kind, own }: VectorEnvState): void {
    if (kind !== this.constructor.name)
      throw invalidState(`not a state of ${this}, but of ${kind}; put the wrappers around as they were then`)
    this.env.setState(own.env as VectorEnvState)
    this.loadOwn(own)
  }

  /** The wrapper's own variables; none unless overridden. */
  protected override saveOwn(): Record<string, unknown> {
    return {}
  }

  protected override loadOwn(_own: Record<string, unknown>): void {}

  // `reset` and `step` are those of the environments inside, which have these.
  protected override resetAll(): void {}
  protected override stepAll(): void {}

  override toString(): string {
    return `<${this.constructor.name}, ${this.env}>`
  }
}

/** A wrapper that changes observations, by `mapObservations`. */
export abstract class VectorObservationWrapper<Obs = unknown, InnerObs = unknown> extends VectorWrapper<Obs, InnerObs> {
  readonly #result: unknown[] = [null, null, null, null, null]

  /** @throws UnsupportedMode with 'same-step', unless `maps` says that final observations are changed as well */
  constructor(env: VectorEnv<InnerObs>, changed: ChangedSpaces = {}, maps: 'each step' | 'final observations too' = 'each step') {
    super(env, changed)
    if (env.autoresetMode === 'same-step' && maps === 'each step')
      throw new UnsupportedMode(
        `${this.constructor.name} cannot change the final observations that 'same-step' gives; use 'next-step' or 'disabled'`,
      )
  }

  /** May give the same array each time. */
  abstract mapObservations(observations: InnerObs): Obs

  protected mapInfos(infos: VectorInfos<InnerObs>): VectorInfos<Obs> {
    return infos as unknown as VectorInfos<Obs>
  }

  override reset(options: VectorResetOptions<Obs> = {}): [observations: Obs, infos: VectorInfos<Obs>] {
    const { out, offset = 0, ...rest } = options
    const [observations, infos] = this.env.reset(rest)
    return [this.#handed(this.mapObservations(observations), out, offset), this.mapInfos(infos)]
  }

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const [observations, rewards, terminated, truncated, infos] = this.env.step(actions)
    const result = (this.copy ? [] : this.#result) as unknown as VectorStep<Obs>
    result[0] = this.#handed(this.mapObservations(observations), target?.out, target?.offset ?? 0)
    result[1] = rewards
    result[2] = terminated
    result[3] = truncated
    result[4] = this.mapInfos(infos)
    return result
  }

  #handed(observations: Obs, out: Obs | undefined, offset: number): Obs {
    if (out === undefined && offset === 0) return this.copy ? detached(observations) : observations
    ;(targetFor(observations, out, offset) as unknown as DtypeArray).set(observations as unknown as DtypeArray, offset)
    return out!
  }
}

/** A wrapper that changes actions, by `mapActions`. */
export abstract class VectorActionWrapper<Obs = Float32Array> extends VectorWrapper<Obs> {
  abstract mapActions(actions: VectorActions): VectorActions

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    return this.env.step(this.mapActions(actions), target)
  }
}

/** A wrapper that changes rewards, by `mapRewards`. */
export abstract class VectorRewardWrapper<Obs = Float32Array> extends VectorWrapper<Obs> {
  /** May give the same array each time, but not the one given. */
  abstract mapRewards(rewards: Float64Array | Float32Array): Float64Array | Float32Array

  readonly #result: unknown[] = [null, null, null, null, null]

  override step(actions: VectorActions, target?: ObservationTarget<Obs>): VectorStep<Obs> {
    const [observations, rewards, terminated, truncated, infos] = this.env.step(actions, target)
    const result = (this.copy ? [] : this.#result) as unknown as VectorStep<Obs>
    result[0] = observations
    result[1] = this.copy ? this.mapRewards(rewards).slice() : this.mapRewards(rewards)
    result[2] = terminated
    result[3] = truncated
    result[4] = infos
    return result
  }
}
