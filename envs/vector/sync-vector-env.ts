import type { Env, Info, RenderFrame, ResetOptions, StackState, StepResult } from '../env.js'
import { EnvError, InvalidAction, InvalidKwargs, InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { type DtypeArray, putElement } from '../spaces/index.js'
import { invalidState } from '../state.js'
import { copyRow, elementReader, isArraySpace } from './batches.js'
import { InfoColumns } from './infos.js'
import { type AutoresetMode, VectorEnv } from './vector-env.js'
import type { VectorArrays } from './vector-types.js'

/** What becomes of an environment that throws: the error goes on, or the environment is made anew and its episode counts as truncated. */
const MEMBER_FAILURES = ['throw', 'restart'] as const
export type MemberFailure = (typeof MEMBER_FAILURES)[number]

/** @throws InvalidKwargs */
export function checkMemberFailure(onMemberFailure: MemberFailure): void {
  if (!MEMBER_FAILURES.includes(onMemberFailure))
    throw new InvalidKwargs(`onMemberFailure is one of ${MEMBER_FAILURES.join(', ')}, got ${shown(onMemberFailure)}`)
}

export interface SyncVectorOptions {
  autoresetMode?: AutoresetMode
  copy?: boolean
  /** 'throw' unless told. With 'restart' `infos.memberFailure` has the error's message. */
  onMemberFailure?: MemberFailure
  arrays?: VectorArrays
  /** Where infos go instead of `infos`. */
  infoSink?: (info: Info, i: number) => void
}

/**
 * Any environment, N of them, one after the other in this thread (Gymnasium's SyncVectorEnv). Environment i has seed + i, a stream
 * and a time limit of its own. Observations and actions of any space: a Dict becomes an object of batches, a Tuple a list of them.
 *
 *     const envs = new SyncVectorEnv([1, 2].map((g) => () => make('Pendulum-v1', { g })))
 */
export class SyncVectorEnv<Obs = Float32Array> extends VectorEnv<Obs> {
  readonly envs: readonly Env[]
  readonly #makers: readonly (() => Env)[]
  readonly #infos: InfoColumns
  readonly #addInfo: (info: Info, i: number) => void
  readonly #survives: boolean
  /** What it gives is written again at the next call. */
  readonly #actionOf: (actions: unknown, i: number) => unknown

  /** @throws InvalidSpace when the environments' spaces differ */
  constructor(makers: readonly (() => Env)[], options: SyncVectorOptions = {}) {
    const { autoresetMode = 'next-step', copy = false, onMemberFailure = 'throw', arrays, infoSink } = options
    checkMemberFailure(onMemberFailure)
    const envs = makers.map((make) => make())
    const first = envs[0]
    if (!first) throw new InvalidSpace('a SyncVectorEnv needs at least one environment')
    const { actionSpace: singleActionSpace, observationSpace: singleObservationSpace } = first
    super({ numEnvs: envs.length, singleObservationSpace, singleActionSpace, autoresetMode, copy, ...(arrays ? { arrays } : {}) })
    this.envs = envs
    for (const [i, env] of envs.entries()) {
      if (!env.observationSpace.equals(singleObservationSpace) || !env.actionSpace.equals(singleActionSpace)) {
        throw new InvalidSpace(`environment ${i} has other spaces (${env.observationSpace}, ${env.actionSpace}) than environment 0`)
      }
    }
    this.metadata = { ...first.metadata, autoresetMode }
    this.renderMode = first.renderMode
    this.#makers = makers
    this.#infos = new InfoColumns(this.numEnvs, this.infos)
    this.#addInfo = infoSink ?? ((info, i) => this.#infos.add(info, i))
    this.#survives = onMemberFailure === 'restart'
    this.#actionOf = elementReader(singleActionSpace)
  }

  override render(): RenderFrame[] | null {
    if (this.renderMode === null) return null
    return this.envs.map((env) => env.render()!)
  }

  override close(): void {
    for (const env of this.envs) env.close()
  }

  override call(name: string, ...args: unknown[]): unknown[] {
    return this.envs.map((env) => {
      const value = env.getWrapperAttr(name)
      return typeof value === 'function' ? value(...args) : value
    })
  }

  override setAttr(name: string, values: unknown): void {
    if (Array.isArray(values) && values.length !== this.numEnvs)
      throw new InvalidKwargs(`${this.numEnvs} environments need one value or as many, got ${values.length}`)
    for (const [i, env] of this.envs.entries()) env.setWrapperAttr(name, Array.isArray(values) ? values[i] : values)
  }

  protected override resetAll(
    seeds: readonly (Seed | undefined)[],
    mask: ArrayLike<number> | null,
    { resetMask: _, ...options }: Record<string, unknown>,
    out: Obs,
    offset: number,
  ): void {
    this.#infos.clear()
    this.infos._finalObs?.fill(0)
    for (let i = 0; i < this.numEnvs; i++) {
      if (mask && mask[i] !== 1) continue
      this.#resetOne(i, { seed: seeds[i], options })
    }
    this.#hand(out, offset)
  }

  #resetOne(i: number, given: ResetOptions): void {
    let result: [unknown, Info]
    try {
      result = this.envs[i]!.reset(given)
    } catch (error) {
      if (!this.#survives) throw error
      this.#makeAnew(i, error)
      result = this.envs[i]!.reset(given)
    }
    this.#write(result[0], this.observations, i)
    this.#addInfo(result[1], i)
  }

  protected override stepAll(actions: ArrayLike<number>, out: Obs, offset: number): void {
    this.#checkActions(actions)
    this.#infos.clear()
    this.infos._finalObs?.fill(0)
    for (let i = 0; i < this.numEnvs; i++) {
      if (!this.#survives) this.#stepOne(actions, i)
      else {
        try {
          this.#stepOne(actions, i)
        } catch (error) {
          this.#restart(i, error)
        }
      }
    }
    this.#hand(out, offset)
  }

  #stepOne(actions: ArrayLike<number>, i: number): void {
    const { autoresetMode, ended, rewards, terminated, truncated } = this
    const env = this.envs[i]!
    if (autoresetMode === 'next-step' && ended[i] === 1) {
      const [observation, info] = env.reset()
      this.#write(observation, this.observations, i)
      rewards[i] = terminated[i] = truncated[i] = ended[i] = 0
      this.#addInfo(info, i)
      return
    }
    const result: StepResult<unknown> = env.step(this.#actionOf(actions, i))
    rewards[i] = result[1]
    terminated[i] = result[2] ? 1 : 0
    truncated[i] = result[3] ? 1 : 0
    ended[i] = result[2] || result[3] ? 1 : 0
    if (ended[i] === 1 && autoresetMode === 'same-step') {
      this.#write(result[0], this.infos.finalObs!, i)
      this.infos._finalObs![i] = 1
      ended[i] = 0
      this.#addInfo({ finalInfo: result[4] }, i)
      const [observation, info] = env.reset()
      this.#write(observation, this.observations, i)
      this.#addInfo(info, i)
      return
    }
    this.#write(result[0], this.observations, i)
    this.#addInfo(result[4], i)
  }

  #makeAnew(i: number, error: unknown): void {
    try {
      this.envs[i]!.close()
    } catch {
      // It is broken already.
    }
    ;(this.envs as Env[])[i] = this.#makers[i]!()
    this.#addInfo({ memberFailure: error instanceof Error ? error.message : String(error) }, i)
  }

  /** A new environment in place of one that threw; its last observation stays the last of a truncated episode. */
  #restart(i: number, error: unknown): void {
    this.#makeAnew(i, error)
    this.rewards[i] = this.terminated[i] = 0
    this.truncated[i] = this.ended[i] = 1
    if (this.autoresetMode !== 'same-step') return
    this.ended[i] = 0
    copyRow(this.singleObservationSpace, this.observations, this.infos.finalObs, i)
    this.infos._finalObs![i] = 1
    const [observation, info] = this.envs[i]!.reset()
    this.#write(observation, this.observations, i)
    this.#addInfo(info, i)
  }

  #hand(out: Obs, offset: number): void {
    if (out !== this.observations) (out as DtypeArray).set(this.observations as DtypeArray, offset)
  }

  /** Before anything moves; an environment about to be reset ignores its action, whatever it is. */
  #checkActions(actions: ArrayLike<number>): void {
    for (let i = 0; i < this.numEnvs; i++) {
      if (this.autoresetMode === 'next-step' && this.ended[i] === 1) continue
      const action = this.#actionOf(actions, i)
      if (!this.singleActionSpace.contains(action)) {
        const given = typeof action === 'number' ? action : isArraySpace(this.singleActionSpace) ? `[${action}]` : shown(action)
        throw new InvalidAction(`action ${given} of environment ${i} is not in ${this.singleActionSpace}`)
      }
    }
  }

  /** @throws EnvError (ENVS_CHECK_FAILED) where the numbers are not as many as the space says: the rest would fall into other rows */
  #write(observation: unknown, into: Obs, i: number): void {
    const size = this.observationSize
    if (ArrayBuffer.isView(into)) {
      const array = into as unknown as DtypeArray
      const values = observation as ArrayLike<number> | null
      if (typeof observation === 'number' && size === 1) array[i] = observation
      else if (values?.length === size) for (let k = 0; k < size; k++) array[i * size + k] = values[k]!
      else {
        const given = values?.length === undefined ? shown(observation) : `${values.length} numbers`
        throw misfit(`environment ${i} gave an observation of ${given}, but its space ${this.singleObservationSpace} has ${size}`)
      }
      return
    }
    try {
      putElement(this.singleObservationSpace, observation, into, i)
    } catch (cause) {
      throw misfit(`environment ${i} gave an observation that does not fit its space: ${(cause as Error).message}`)
    }
  }

  protected override saveOwn(): Record<string, unknown> {
    return { envs: this.envs.map((env) => env.getState()) }
  }

  protected override loadOwn(own: Record<string, unknown>): void {
    const states = own.envs
    if (!Array.isArray(states) || states.length !== this.numEnvs) {
      throw invalidState(`envs of a saved state is a list of ${this.numEnvs} states, got ${shown(states)}`)
    }
    for (const [i, env] of this.envs.entries()) env.setState(states[i] as StackState)
  }
}

const misfit = (message: string) => new EnvError('ENVS_CHECK_FAILED', message)
