import type { Env, RenderFrame } from '../env.js'
import { EnvError, InvalidAction, InvalidKwargs, InvalidSpace } from '../errors.js'
import { nodeModule } from '../host.js'
import type { Seed } from '../seeding.js'
import { shown } from '../shown.js'
import { createEmptyArray, type DtypeArray, putElement } from '../spaces/index.js'
import { invalidState } from '../state.js'
import { copyRow, elementReader, isArraySpace, isFixedSize, rowsOf, sharedBatch } from './batches.js'
import { EnvThreadHandle } from './env-thread.js'
import { INFO_KEYS } from './info-numbers.js'
import { InfoColumns } from './infos.js'
import { checkMemberFailure, type MemberFailure } from './sync-vector-env.js'
import type { Ask, EnvThreadPool, EnvThreadSetup, MemberMaker, Reply } from './threads.js'
import { type AutoresetMode, VectorEnv } from './vector-env.js'
import type { ObservationTarget, VectorActions, VectorStep } from './vector-types.js'

export interface AsyncVectorOptions {
  autoresetMode?: AutoresetMode
  copy?: boolean
  /** Threads to divide the environments among, in order; as many as there are cores, unless told. */
  numWorkers?: number
  /** Where the threads come from; own ones unless given. */
  pool?: EnvThreadPool
  /** Modules (URLs, packages, paths) that register environments, imported by each thread. */
  modules?: readonly string[]
  /**
   * 'throw' unless told: the error of an environment is thrown by `step`. With 'restart' the environment is made anew, or all of a thread
   * that ended or did not answer in time; their episodes count as truncated, and `infos.memberFailure` says why.
   */
  onMemberFailure?: MemberFailure
  /** How long a thread may take to answer; for ever unless told. */
  timeoutMs?: number
}

/**
 * Environments that step at the same time, each thread its share of them (Gymnasium's AsyncVectorEnv). Observations and rewards are
 * written by the threads into memory that all share; `step` waits for all. The numbers are those of 'sync'.
 *
 *     const envs = makeVec('LunarLander-v3', { numEnvs: 8, vectorizationMode: 'async' })
 *     envs.reset({ seed: 1 })
 *     envs.step(envs.actionSpace.sample())
 *     envs.close() // ends the threads
 *
 * `stepAsync` and `stepWait` let the program do something else meanwhile.
 */
export class AsyncVectorEnv<Obs = Float32Array> extends VectorEnv<Obs> {
  readonly #infos: InfoColumns
  readonly #threads: EnvThreadHandle[]
  readonly #actions: Float64Array | null
  readonly #actionOf: (actions: unknown, i: number) => unknown
  readonly #survives: boolean
  readonly #plain: boolean
  #closed = false
  #pending: { out: Obs; offset: number } | null = null

  /** @param first made here once, for its spaces, and closed @throws InvalidKwargs, InvalidSpace, EnvError (ENVS_NEEDS_NODE) */
  constructor(makers: readonly MemberMaker[], first: () => Env, options: AsyncVectorOptions = {}) {
    const {
      autoresetMode = 'next-step',
      copy = false,
      modules = [],
      numWorkers,
      onMemberFailure = 'throw',
      pool,
      timeoutMs = Infinity,
    } = options
    checkMemberFailure(onMemberFailure)
    if (numWorkers !== undefined && !(Number.isInteger(numWorkers) && numWorkers > 0))
      throw new InvalidKwargs(`numWorkers is a positive integer, got ${shown(numWorkers)}`)
    if (!(timeoutMs > 0)) throw new InvalidKwargs(`timeoutMs is a positive number, got ${shown(timeoutMs)}`)
    if (makers.length === 0) throw new InvalidSpace('an AsyncVectorEnv needs at least one environment')
    const env = first()
    const { actionSpace: action, metadata, observationSpace: observation, renderMode } = env
    env.close()
    const numEnvs = makers.length
    const plain = isFixedSize(observation)
    const bytes = () => new Uint8Array(new SharedArrayBuffer(numEnvs))
    const batch = () => (plain ? sharedBatch(observation, numEnvs) : createEmptyArray(observation, numEnvs))
    const arrays = {
      observations: batch(),
      rewards: new Float64Array(new SharedArrayBuffer(8 * numEnvs)),
      terminated: bytes(),
      truncated: bytes(),
      ended: bytes(),
      finalObs: autoresetMode === 'same-step' ? batch() : null,
      finalMask: bytes(),
    }
    super({ numEnvs, singleObservationSpace: observation, singleActionSpace: action, autoresetMode, copy, arrays })
    this.metadata = { ...metadata, autoresetMode }
    this.renderMode = renderMode
    this.#infos = new InfoColumns(numEnvs, this.infos)
    this.#plain = plain
    this.#survives = onMemberFailure === 'restart'
    this.#actionOf = elementReader(action)
    this.#actions = isArraySpace(action) ? new Float64Array(new SharedArrayBuffer(8 * numEnvs * this.actionSize)) : null
    const workers = Math.min(numEnvs, numWorkers ?? nodeModule('node:os', 'an AsyncVectorEnv').availableParallelism())
    const spaces = { observation: observation.toJSON(), action: action.toJSON() }
    this.#threads = Array.from({ length: workers }, (_, w) => {
      const start = Math.floor((w * numEnvs) / workers)
      const count = Math.floor(((w + 1) * numEnvs) / workers) - start
      const rows = <T extends Float64Array | Uint8Array>(array: T, size = 1) => array.subarray(start * size, (start + count) * size) as T
      const batchRows = (whole: unknown) => (plain && whole !== null ? rowsOf(observation, whole, start, count) : null)
      const setup: Omit<EnvThreadSetup, 'words' | 'channel'> = {
        arrays: {
          observations: batchRows(arrays.observations),
          rewards: rows(arrays.rewards),
          terminated: rows(arrays.terminated),
          truncated: rows(arrays.truncated),
          ended: rows(arrays.ended),
          finalObs: batchRows(arrays.finalObs),
          finalMask: rows(arrays.finalMask),
        },
        actions: this.#actions && rows(this.#actions, this.actionSize),
        infoNumbers: new Float64Array(new SharedArrayBuffer(8 * count * INFO_KEYS)),
        makers: makers.slice(start, start + count),
        modules,
        autoresetMode,
        onMemberFailure,
        spaces,
      }
      return new EnvThreadHandle(setup, start, count, timeoutMs, pool)
    })
  }

  /** Resolves once all threads are there. Only to be awaited with a `pool`, whose threads may need this one's event loop to start. */
  async ready(): Promise<void> {
    for (const thread of this.#threads) await thread.ready()
  }

  protected override resetAll(
    seeds: readonly (Seed | undefined)[],
    mask: ArrayLike<number> | null,
    { resetMask: _, ...options }: Record<string, unknown>,
    out: Obs,
    offset: number,
  ): void {
    this.#refusePending('reset')
    this.#clearInfos()
    for (const thread of this.#threads) {
      thread.settle()
      if (this.#survives && thread.lost) thread.restart()
      const { count, start } = thread
      const own = mask && Uint8Array.from({ length: count }, (_, i) => mask[start + i]!)
      thread.ask({ what: 'reset', seeds: seeds.slice(start, start + count), mask: own, options })
    }
    for (const thread of this.#threads) this.#take(thread, thread.reply())
    this.#hand(out, offset)
  }

  protected override stepAll(actions: ArrayLike<number>, out: Obs, offset: number): void {
    this.#send(actions)
    this.#pending = { out, offset }
    this.#receive()
  }

  /** Begins a step of all environments. @throws EnvError (ENVS_PENDING_CALL), and what `step` throws */
  stepAsync(actions: VectorActions, target?: ObservationTarget<Obs>): void {
    this.#refusePending('stepAsync')
    const out = this.prepareStep(actions, target)
    this.#send(actions)
    this.#pending = { out, offset: target?.offset ?? 0 }
  }

  /** Whether all threads have answered, so that `stepWait` will not wait. */
  get stepDone(): boolean {
    return this.#threads.every((thread) => thread.answered)
  }

  /** Ends the step that `stepAsync` began. @throws EnvError (ENVS_NO_PENDING_CALL, ENVS_TIMEOUT, ENVS_MEMBER_FAILED) */
  stepWait(): VectorStep<Obs> {
    if (this.#pending === null) throw new EnvError('ENVS_NO_PENDING_CALL', 'stepWait() without a stepAsync() before it')
    const { out } = this.#pending
    this.#receive()
    return this.finishStep(out)
  }

  #send(actions: VectorActions): void {
    this.#refusePending('step')
    this.#checkActions(actions)
    if (this.#actions) {
      const numbers = actions as ArrayLike<number>
      for (let i = 0; i < this.#actions.length; i++) this.#actions[i] = numbers[i]!
      for (const thread of this.#threads) thread.step()
      return
    }
    for (const thread of this.#threads) {
      const rows = Array.from({ length: thread.count }, (_, i) => structuredClone(this.#actionOf(actions, thread.start + i)))
      thread.ask({ what: 'step', actions: rows })
    }
  }

  #receive(): void {
    const { out, offset } = this.#pending!
    this.#pending = null
    this.#clearInfos()
    let failure: unknown = null
    for (const thread of this.#threads) {
      try {
        this.#take(thread, thread.reply())
      } catch (error) {
        if (this.#survives && thread.lost) this.#revive(thread, error)
        else failure ??= error
      }
    }
    if (failure !== null) throw failure
    this.#hand(out, offset)
  }

  #checkActions(actions: VectorActions): void {
    for (let i = 0; i < this.numEnvs; i++) {
      if (this.autoresetMode === 'next-step' && this.ended[i] === 1) continue
      const action = this.#actionOf(actions, i)
      if (!this.singleActionSpace.contains(action))
        throw new InvalidAction(`action ${shown(action)} of environment ${i} is not in ${this.singleActionSpace}`)
    }
  }

  #clearInfos(): void {
    this.#infos.clear()
    if (!this.#plain) this.infos._finalObs?.fill(0)
  }

  #take({ infoNumbers, start }: EnvThreadHandle, reply: Reply | null): void {
    if (infoNumbers !== null) this.#infos.addNumbers(infoNumbers.keys, infoNumbers.numbers, INFO_KEYS, start)
    if (reply === null) return
    for (const [i, info] of reply.infos ?? []) this.#infos.add(info, start + i)
    const space = this.singleObservationSpace
    for (const [i, observation] of reply.observations?.entries() ?? []) putElement(space, observation, this.observations, start + i)
    for (const [i, observation] of reply.finalObs ?? []) putElement(space, observation, this.infos.finalObs, start + i)
  }

  /** A new thread in place of one that ended or hangs; its environments' last observations stay the last of truncated episodes. */
  #revive(thread: EnvThreadHandle, error: unknown): void {
    const { count, start } = thread
    const space = this.singleObservationSpace
    const last = createEmptyArray(space, count)
    for (let i = 0; i < count; i++) copyRow(space, this.observations, last, start + i, i)
    thread.restart()
    thread.ask({ what: 'reset', seeds: new Array(count).fill(undefined), mask: null, options: {} })
    this.#take(thread, thread.reply())
    const sameStep = this.autoresetMode === 'same-step'
    for (let i = 0; i < count; i++) {
      copyRow(space, last, sameStep ? this.infos.finalObs : this.observations, i, start + i)
      if (sameStep) this.infos._finalObs![start + i] = 1
      this.rewards[start + i] = this.terminated[start + i] = 0
      this.truncated[start + i] = 1
      this.ended[start + i] = sameStep ? 0 : 1
      this.#infos.add({ memberFailure: (error as Error).message }, start + i)
    }
  }

  #hand(out: Obs, offset: number): void {
    if (out !== this.observations) (out as DtypeArray).set(this.observations as DtypeArray, offset)
  }

  #refusePending(what: string): void {
    if (this.#closed) throw new EnvError('ENVS_CLOSED', `cannot ${what} after close()`)
    if (this.#pending !== null) throw new EnvError('ENVS_PENDING_CALL', `cannot ${what} while a step is under way; call stepWait() first`)
  }

  #askAll(ask: Ask | ((thread: EnvThreadHandle) => Ask)): unknown[] {
    this.#refusePending(typeof ask === 'function' ? 'set something' : ask.what)
    for (const thread of this.#threads) thread.ask(typeof ask === 'function' ? ask(thread) : ask)
    return this.#threads.map((thread) => thread.reply()?.value)
  }

  override call(name: string, ...args: unknown[]): unknown[] {
    return this.#askAll({ what: 'call', name, args }).flat(1)
  }

  override setAttr(name: string, values: unknown): void {
    if (Array.isArray(values) && values.length !== this.numEnvs)
      throw new InvalidKwargs(`${this.numEnvs} environments need one value or as many, got ${values.length}`)
    const list = Array.isArray(values) ? values : new Array(this.numEnvs).fill(values)
    this.#askAll(({ count, start }) => ({ what: 'setAttr', name, values: list.slice(start, start + count) }))
  }

  override render(): RenderFrame[] | null {
    return this.renderMode === null ? null : (this.call('render') as RenderFrame[])
  }

  /** Closes the environments and ends the threads. */
  override close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const thread of this.#threads) thread.close()
  }

  protected override saveOwn(): Record<string, unknown> {
    return { threads: this.#askAll({ what: 'getState' }) }
  }

  protected override loadOwn({ threads }: Record<string, unknown>): void {
    if (!Array.isArray(threads) || threads.length !== this.#threads.length)
      throw invalidState(`the state was saved by another number of threads, not ${this.#threads.length}; pass numWorkers as it was then`)
    for (const [w, thread] of this.#threads.entries()) thread.ask({ what: 'setState', state: threads[w] })
    for (const thread of this.#threads) thread.reply()
  }
}
