import type { RenderFrame } from '../env.js'
import { InvalidAction, UnsupportedMode } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { Discrete, type DtypeArray } from '../spaces/index.js'
import { invalidState } from '../state.js'
import { checkArraySpace } from '../vector/batches.js'
import { checkMemberFailure } from '../vector/sync-vector-env.js'
import { AUTORESET_MODES, checkNumEnvs, VectorEnv } from '../vector/vector-env.js'
import type { PythonProcess } from './child.js'
import { metadataOf, type PythonDescription, type PythonVectorEnvOptions, specOf, startPython } from './options.js'

type Infos = Record<string, unknown>
type ResetReply = [observations: DtypeArray, infos: Infos]
type StepReply = [observations: DtypeArray, rewards: DtypeArray, terminated: Uint8Array, truncated: Uint8Array, infos: Infos]

/** Several Python environments that step together, one exchange a step; `PythonEnv` with `numEnvs` makes them. */
export class PythonVectorEnv<Obs extends DtypeArray = Float32Array> extends VectorEnv<Obs> {
  #python: PythonProcess
  readonly #again: () => PythonProcess
  readonly #survives: boolean
  /** Of the last reset or step; only where failures are survived. */
  readonly #last: Obs
  /** Whether the process was made anew, so that the next step is a reset. */
  #resetsNext = false
  /** Whether one seed goes to all together, as environments with a vector version of their own take it. */
  readonly #oneStream: boolean
  readonly #actionRow: Float64Array

  /** @throws InvalidKwargs, InvalidSpace for observations or actions that are no arrays of numbers, PythonMissing, PythonFailed */
  constructor(id: string, options: PythonVectorEnvOptions) {
    const [child, description] = startVector(id, options)
    const { numEnvs, autoresetMode = 'next-step', copy = false } = options
    super({
      numEnvs,
      autoresetMode,
      copy,
      singleObservationSpace: description.observationSpace,
      singleActionSpace: description.actionSpace,
    })
    this.#python = child
    this.#again = () => startVector(id, options)[0]
    this.#survives = options.onMemberFailure === 'restart'
    this.#last = this.observations.slice() as Obs
    this.#oneStream = options.vectorizationMode === 'vector_entry_point'
    this.#actionRow = new Float64Array(this.actionSize)
    this.metadata = { ...metadataOf(description), autoresetMode }
    this.renderMode = options.renderMode ?? null
    this.spec = specOf(description, options)
  }

  protected override resetAll(
    seeds: readonly (Seed | undefined)[],
    mask: ArrayLike<number> | null,
    { resetMask: _, ...options }: Record<string, unknown>,
    out: Obs,
    offset: number,
  ): void {
    if (this.#survives && this.#python.hasEnded) this.#python = this.#again()
    this.#resetsNext = false
    const [observations, infos] = this.#python.call('reset', {
      seed: this.#oneStream ? (seeds[0] ?? null) : seeds.every((seed) => seed === undefined) ? null : seeds,
      options: Object.keys(options).length === 0 ? null : options,
      mask: mask === null ? null : Uint8Array.from(mask),
    }) as ResetReply
    this.#takeInfos(infos)
    this.#hand(observations, out, offset)
  }

  protected override stepAll(actions: ArrayLike<number>, out: Obs, offset: number): void {
    this.#checkActions(actions)
    if (this.#resetsNext) {
      for (const part of [this.rewards, this.terminated, this.truncated, this.ended]) part.fill(0)
      this.resetAll([], null, {}, out, offset)
      return
    }
    let reply: StepReply
    try {
      reply = this.#python.call('step', { action: ArrayBuffer.isView(actions) ? actions : Float64Array.from(actions) }) as StepReply
    } catch (error) {
      if (!this.#survives) throw error
      this.#restart(error as Error, out, offset)
      return
    }
    const [observations, rewards, terminated, truncated, infos] = reply
    this.rewards.set(rewards)
    this.terminated.set(terminated)
    this.truncated.set(truncated)
    for (let i = 0; i < this.numEnvs; i++) this.ended[i] = this.autoresetMode === 'same-step' ? 0 : terminated[i]! | truncated[i]!
    this.#takeInfos(infos)
    this.#hand(observations, out, offset)
  }

  #hand(observations: DtypeArray, out: Obs, offset: number): void {
    out.set(observations, offset)
    if (this.#survives) this.#last.set(observations)
  }

  /** Another process in place of one that failed; the last observations stay the last of truncated episodes. */
  #restart({ message }: Error, out: Obs, offset: number): void {
    this.#python.close()
    this.#python = this.#again()
    const { autoresetMode, infos, numEnvs } = this
    const finals = this.#last.slice() as Obs
    if (autoresetMode === 'same-step') this.resetAll([], null, {}, out, offset)
    else {
      this.#takeInfos({})
      out.set(finals, offset)
    }
    this.rewards.fill(0)
    this.terminated.fill(0)
    this.truncated.fill(1)
    this.ended.fill(autoresetMode === 'same-step' ? 0 : 1)
    this.#resetsNext = autoresetMode === 'next-step'
    infos.finalObs?.set(finals)
    infos._finalObs?.fill(1)
    Object.assign(infos, { memberFailure: new Array(numEnvs).fill(message), _memberFailure: new Uint8Array(numEnvs).fill(1) })
  }

  /** Before anything is sent; an environment about to be reset ignores its action. */
  #checkActions(actions: ArrayLike<number>): void {
    const { actionSize: size, singleActionSpace: space } = this
    const row = this.#actionRow
    for (let i = 0; i < this.numEnvs; i++) {
      if (this.autoresetMode === 'next-step' && this.ended[i] === 1) continue
      for (let k = 0; k < size; k++) row[k] = actions[i * size + k]!
      const action = space instanceof Discrete ? row[0] : Array.from(row)
      if (!space.contains(action)) throw new InvalidAction(`action ${shown(action)} of environment ${i} is not in ${space}`)
    }
  }

  /** Python's infos under Python's names, but for those that VectorEnv names itself. */
  #takeInfos({ final_obs: finals, _final_obs: mask, final_info: finalInfo, _final_info: finalInfoMask, ...others }: Infos): void {
    for (const key of Object.keys(this.infos)) if (key !== 'finalObs' && key !== '_finalObs') delete this.infos[key]
    Object.assign(this.infos, others)
    if (finalInfo !== undefined) Object.assign(this.infos, { finalInfo, _finalInfo: finalInfoMask })
    const { finalObs, _finalObs } = this.infos
    if (!finalObs || !_finalObs) return
    _finalObs.fill(0)
    for (let i = 0; i < this.numEnvs; i++) {
      if ((mask as Uint8Array | undefined)?.[i] !== 1) continue
      _finalObs[i] = 1
      const final = (finals as unknown[])[i]
      finalObs.set(typeof final === 'number' ? [final] : (final as ArrayLike<number>), i * this.observationSize)
    }
  }

  override render(): RenderFrame[] | null {
    return this.renderMode === null ? null : (this.#python.call('render') as RenderFrame[] | null)
  }

  /** Ends the child process too. */
  override close(): void {
    this.#python.close()
  }

  /** @throws EnvError (ENVS_INVALID_STATE): what lies in Python cannot be saved */
  protected override saveOwn(): Record<string, unknown> {
    throw invalidState(`the state of ${this} lies in a Python process and cannot be saved`)
  }

  protected override loadOwn(): void {
    this.saveOwn()
  }
}

function startVector(id: string, options: PythonVectorEnvOptions): [PythonProcess, PythonDescription] {
  const { numEnvs, autoresetMode = 'next-step', onMemberFailure = 'throw' } = options
  checkNumEnvs(numEnvs)
  checkMemberFailure(onMemberFailure)
  if (!AUTORESET_MODES.includes(autoresetMode)) {
    throw new UnsupportedMode(`autoresetMode must be one of ${AUTORESET_MODES.join(', ')}, got ${shown(autoresetMode)}`)
  }
  const [child, description] = startPython(id, options)
  try {
    checkArraySpace(description.observationSpace)
    checkArraySpace(description.actionSpace)
    return [child, description]
  } catch (error) {
    child.close()
    throw error
  }
}
