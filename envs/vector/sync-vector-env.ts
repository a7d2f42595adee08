import type { Env, RenderFrame, StackState } from '../env.js'
import { EnvError, InvalidAction, InvalidSpace } from '../errors.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { emptyArray } from '../spaces/dtype.js'
import { Discrete, type DtypeArray } from '../spaces/index.js'
import { invalidState } from '../state.js'
import { InfoColumns } from './infos.js'
import { type AutoresetMode, numbersOf, VectorEnv } from './vector-env.js'

/**
 * Any environment, N of them, one after the other in this thread (Gymnasium's SyncVectorEnv). Environment i has seed + i, a stream
 * and a time limit of its own.
 */
export class SyncVectorEnv<Obs extends DtypeArray = Float32Array> extends VectorEnv<Obs> {
  readonly envs: readonly Env[]
  readonly #infos: InfoColumns
  /** The row that an environment of several action numbers is given; written again each step. */
  readonly #actionRow: DtypeArray | null

  /** @throws InvalidSpace when the environments' spaces differ */
  constructor(
    makers: readonly (() => Env)[],
    { autoresetMode = 'next-step', copy = false }: { autoresetMode?: AutoresetMode; copy?: boolean } = {},
  ) {
    const envs = makers.map((make) => make())
    const first = envs[0]
    if (!first) throw new InvalidSpace('a SyncVectorEnv needs at least one environment')
    super({
      numEnvs: envs.length,
      singleObservationSpace: first.observationSpace,
      singleActionSpace: first.actionSpace,
      autoresetMode,
      copy,
    })
    this.envs = envs
    for (const [i, env] of envs.entries()) {
      if (!env.observationSpace.equals(first.observationSpace) || !env.actionSpace.equals(first.actionSpace)) {
        throw new InvalidSpace(`environment ${i} has other spaces (${env.observationSpace}, ${env.actionSpace}) than environment 0`)
      }
    }
    this.metadata = { ...first.metadata, autoresetMode }
    this.renderMode = first.renderMode
    this.#infos = new InfoColumns(this.numEnvs, this.infos)
    this.#actionRow = first.actionSpace instanceof Discrete ? null : emptyArray(numbersOf(first.actionSpace).dtype, this.actionSize)
  }

  override render(): RenderFrame[] | null {
    if (this.renderMode === null) return null
    return this.envs.map((env) => env.render()!)
  }

  override close(): void {
    for (const env of this.envs) env.close()
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
      const [observation, info] = this.envs[i]!.reset({ seed: seeds[i], options })
      this.#write(observation, this.observations, i)
      this.#infos.add(info, i)
    }
    if (out !== this.observations) out.set(this.observations, offset)
  }

  protected override stepAll(actions: ArrayLike<number>, out: Obs, offset: number): void {
    this.#checkActions(actions)
    const { autoresetMode, ended, envs, numEnvs, rewards, terminated, truncated } = this
    const { finalObs, _finalObs } = this.infos
    this.#infos.clear()
    _finalObs?.fill(0)
    for (let i = 0; i < numEnvs; i++) {
      const env = envs[i]!
      if (autoresetMode === 'next-step' && ended[i] === 1) {
        const [observation, info] = env.reset()
        this.#write(observation, this.observations, i)
        rewards[i] = terminated[i] = truncated[i] = ended[i] = 0
        this.#infos.add(info, i)
        continue
      }
      let [observation, reward, terminates, truncates, info] = env.step(this.#action(actions, i))
      rewards[i] = reward
      terminated[i] = terminates ? 1 : 0
      truncated[i] = truncates ? 1 : 0
      ended[i] = terminates || truncates ? 1 : 0
      if (ended[i] === 1 && finalObs && _finalObs) {
        this.#write(observation, finalObs, i)
        _finalObs[i] = 1
        ended[i] = 0
        this.#infos.add({ finalInfo: info }, i)
        ;[observation, info] = env.reset()
      }
      this.#write(observation, this.observations, i)
      this.#infos.add(info, i)
    }
    if (out !== this.observations) out.set(this.observations, offset)
  }

  /** Before anything moves; an environment about to be reset ignores its action, whatever it is. */
  #checkActions(actions: ArrayLike<number>): void {
    for (let i = 0; i < this.numEnvs; i++) {
      if (this.autoresetMode === 'next-step' && this.ended[i] === 1) continue
      const action = this.#action(actions, i)
      if (!this.singleActionSpace.contains(action)) {
        throw new InvalidAction(
          `action ${typeof action === 'number' ? action : `[${action}]`} of environment ${i} is not in ${this.singleActionSpace}`,
        )
      }
    }
  }

  #action(actions: ArrayLike<number>, i: number): number | DtypeArray {
    const row = this.#actionRow
    if (row === null) return actions[i]!
    for (let k = 0; k < this.actionSize; k++) row[k] = actions[i * this.actionSize + k]!
    return row
  }

  /** @throws EnvError (ENVS_CHECK_FAILED) where the numbers are not as many as the space says: the rest would fall into other rows */
  #write(observation: unknown, into: Obs, i: number): void {
    const size = this.observationSize
    if (typeof observation === 'number' && size === 1) into[i] = observation
    else if ((observation as ArrayLike<number> | null)?.length === size) into.set(observation as ArrayLike<number>, i * size)
    else {
      const length = (observation as ArrayLike<number> | null)?.length
      throw new EnvError(
        'ENVS_CHECK_FAILED',
        `environment ${i} gave an observation of ${length === undefined ? shown(observation) : `${length} numbers`}, but its space ${this.singleObservationSpace} has ${size}`,
      )
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
