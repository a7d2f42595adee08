import { importModule, loadEntryPoint, loadedEntryPoint, registerEntryPoint, splitEntryPoint } from './entry-points.js'
import { Env } from './env.js'
import { EnvSpec, type WrapperSpec } from './env-spec.js'
import { EnvError, InvalidKwargs, RegistrationError, UnsupportedMode } from './errors.js'
import { checkOptionsObject } from './kwargs.js'
import { tell } from './logger.js'
import { type AdditionalWrapper, build, findSpec, RegisteredEnv } from './registry.js'
import { shown } from './shown.js'
import type { BlackjackObservation } from './toy-text/blackjack.js'
import { AsyncVectorEnv } from './vector/async-vector-env.js'
import { type MemberFailure, SyncVectorEnv } from './vector/sync-vector-env.js'
import type { EnvThreadPool } from './vector/threads.js'
import { AUTORESET_MODES, type AutoresetMode, checkNumEnvs, VectorEnv, type VectorEnvKwargs } from './vector/vector-env.js'
import { Wrapper } from './wrapper.js'
import * as wrapperClasses from './wrappers/index.js'

const { HumanRendering, OrderEnforcing, PassiveEnvChecker, RenderCollection, TimeLimit } = wrapperClasses
for (const [name, value] of Object.entries(wrapperClasses)) {
  if (typeof value === 'function') registerEntryPoint(`gymnura/envs:${name}`, value)
}

export interface MakeOptions {
  renderMode?: string | null
  /** Overrides the registered limit; −1 for none. */
  maxEpisodeSteps?: number | null
  disableEnvChecker?: boolean
  /** For the environment's constructor. */
  [option: string]: unknown
}

const VECTORIZATION_MODES = ['vector_entry_point', 'sync', 'native', 'async'] as const
export type VectorizationMode = (typeof VECTORIZATION_MODES)[number]

export interface MakeVecOptions extends MakeOptions {
  /** 1 unless told. */
  numEnvs?: number
  /**
   * 'vector_entry_point': the environment's own vector version with one random stream for all (the default where there is one, as in
   * Gymnasium); 'sync': N single environments with seed + i (the default elsewhere); 'native': the numbers of 'sync' from one kernel.
   */
  vectorizationMode?: VectorizationMode
  /** 'next-step' unless told; see VectorEnv. */
  autoresetMode?: AutoresetMode
  /** Whether each call gives arrays of its own; false unless told. */
  copy?: boolean
  /** Put around each single environment, innermost first; with 'async' they are specs or 'module:Export', since they go to another thread. */
  wrappers?: readonly (AdditionalWrapper | string)[]
  /** With 'sync' and 'async': what becomes of an environment that throws; see SyncVectorEnv. */
  onMemberFailure?: MemberFailure
  /** With 'async'; see AsyncVectorEnv. */
  numWorkers?: number
  modules?: readonly string[]
  pool?: EnvThreadPool
  timeoutMs?: number
}

/** The types of the environments that come along; others are told by the type arguments of `make`. */
export interface EnvTypes {
  'CartPole-v0': Env<Float32Array, number>
  'CartPole-v1': Env<Float32Array, number>
  'TMaze-v0': Env<Float32Array, number>
  'PickInOrder-v0': Env<Float32Array, number>
  'MinAtar/Breakout-v0': Env<Uint8Array, number>
  'MinAtar/Breakout-v1': Env<Uint8Array, number>
  'MinAtar/Asterix-v0': Env<Uint8Array, number>
  'MinAtar/Asterix-v1': Env<Uint8Array, number>
  'MinAtar/Freeway-v0': Env<Uint8Array, number>
  'MinAtar/Freeway-v1': Env<Uint8Array, number>
  'MinAtar/Seaquest-v0': Env<Uint8Array, number>
  'MinAtar/Seaquest-v1': Env<Uint8Array, number>
  'MinAtar/SpaceInvaders-v0': Env<Uint8Array, number>
  'MinAtar/SpaceInvaders-v1': Env<Uint8Array, number>
  'MountainCar-v0': Env<Float32Array, number>
  'MountainCarContinuous-v0': Env<Float32Array, ArrayLike<number>>
  'Pendulum-v1': Env<Float32Array, ArrayLike<number>>
  'Acrobot-v1': Env<Float32Array, number>
  'FrozenLake-v1': Env<number, number>
  'FrozenLake8x8-v1': Env<number, number>
  'CliffWalking-v1': Env<number, number>
  'CliffWalkingSlippery-v1': Env<number, number>
  'Taxi-v4': Env<number, number>
  'Blackjack-v1': Env<BlackjackObservation, number>
}

/**
 * Builds a registered environment with Gymnasium's stack around it: PassiveEnvChecker, OrderEnforcing, TimeLimit.
 *
 *     const env = make('CartPole-v1', { renderMode: 'rgb_array' })
 *
 * @throws UnregisteredEnv, DeprecatedEnv for an id that is not there, UnsupportedMode, InvalidKwargs
 */
export function make<Id extends keyof EnvTypes>(id: Id, options?: MakeOptions): EnvTypes[Id]
export function make<Obs = unknown, Act = unknown>(id: string | EnvSpec, options?: MakeOptions): Env<Obs, Act>
export function make(id: string | EnvSpec, options: MakeOptions = {}): Env {
  checkOptionsObject('options of make', options)
  const base = findEnv(id)
  const {
    maxEpisodeSteps = base.maxEpisodeSteps,
    disableEnvChecker = base.disableEnvChecker,
    renderMode,
    ...kwargs
  } = {
    ...base.kwargs,
    ...options,
  } as MakeOptions
  if (base.entryPoint === null) throw new EnvError('ENVS_REGISTRATION', `${base.id} has no single environment; use makeVec`)
  const asked = renderMode ?? null
  if (asked !== null && typeof asked !== 'string') throw new UnsupportedMode(`renderMode is text or null, got ${shown(asked)}`)
  const entryPoint = resolved(base.entryPoint)
  // Lists of frames are collected around an environment that renders one at a time.
  const collects = asked?.endsWith('_list') ?? false
  const human = asked === 'human'
  const mode = collects ? asked!.slice(0, -'_list'.length) : human ? 'rgb_array' : asked
  const merged = { ...kwargs, renderMode: mode }
  const inner = build(entryPoint, Env, merged)
  if (!(inner instanceof Env)) {
    throw new EnvError('ENVS_REGISTRATION', `the entry point of ${base.id} must make an environment that extends Env, got ${shown(inner)}`)
  }
  // An entry point may have put wrappers around its environment already.
  for (let layer: Env | null = inner; layer !== null; layer = layer instanceof Wrapper ? layer.env : null) layer.renderMode = mode
  inner.unwrapped.spec = base.with({
    maxEpisodeSteps: null,
    orderEnforce: false,
    disableEnvChecker: true,
    kwargs: { ...merged, renderMode: asked },
    additionalWrappers: [],
  })
  if (mode !== null && !inner.metadata.renderModes.includes(mode)) {
    throw new UnsupportedMode(`${base.id} cannot render as ${mode}; it has ${inner.metadata.renderModes.join(', ') || 'no render modes'}`)
  }
  const wrappersInside = inner.spec!.additionalWrappers.length
  let env: Env = inner
  if (!disableEnvChecker) env = new PassiveEnvChecker(env)
  if (base.orderEnforce) env = new OrderEnforcing(env)
  if (maxEpisodeSteps !== null && maxEpisodeSteps !== -1) env = new TimeLimit(env, maxEpisodeSteps)
  const around = id instanceof EnvSpec && !(id instanceof RegisteredEnv) ? id.additionalWrappers.slice(wrappersInside) : base.wrappers
  for (const wrapper of around) env = wrapped(env, wrapper)
  if (human) {
    const page = new HumanRendering(env)
    tell(`${base.id} is shown at ${page.url}`)
    return page
  }
  return collects ? new RenderCollection(env) : env
}

/**
 * `make` where something has to be imported first: 'module:Env-v0' (an environment that the module registers), entry points and wrappers
 * given as 'module:Export'. After it, `make` finds them too.
 *
 *     const env = await makeAsync('./corridor.js:Corridor-v0')
 *
 * @throws what `make` throws, and EnvError (ENVS_ENTRY_POINT) for what cannot be imported
 */
export async function makeAsync<Obs = unknown, Act = unknown>(id: string | EnvSpec, options: MakeOptions = {}): Promise<Env<Obs, Act>> {
  if (typeof id === 'string' && id.includes(':')) await importModule(splitEntryPoint(id)[0])
  const base = findEnv(id)
  const names = [base.entryPoint, ...base.wrappers.map((wrapper) => typeof wrapper !== 'function' && wrapper.entryPoint)]
  if (id instanceof EnvSpec) names.push(...id.additionalWrappers.map(({ entryPoint }) => entryPoint))
  for (const name of names) if (typeof name === 'string') await loadEntryPoint(name)
  return make<Obs, Act>(id, options)
}

/** What an id or a spec stands for: the registered environment, with the fields of the spec. */
function findEnv(id: string | EnvSpec): RegisteredEnv {
  if (!(id instanceof EnvSpec)) return findSpec(id)
  const { entryPoint, vectorEntryPoint, nativeEntryPoint, wrappers } = findSpec(id.id)
  return new RegisteredEnv({ ...id, entryPoint, vectorEntryPoint, nativeEntryPoint, wrappers })
}

function resolved<T>(entryPoint: T | string): T {
  return typeof entryPoint === 'string' ? (loadedEntryPoint(entryPoint) as T) : entryPoint
}

function wrapped(env: Env, wrapper: AdditionalWrapper | string): Env {
  if (typeof wrapper === 'string') return (loadedEntryPoint(wrapper) as (env: Env) => Env)(env)
  if (typeof wrapper === 'function') return wrapper(env)
  const { name, entryPoint, kwargs } = wrapper
  if (entryPoint === null) {
    throw new RegistrationError(`the wrapper ${name} has no name to be found by; call registerEntryPoint('module:${name}', ${name})`)
  }
  if (kwargs === null) {
    throw new RegistrationError(`the wrapper ${name} cannot be made again: its constructor does not call super(env, options)`)
  }
  const Made = loadedEntryPoint(entryPoint) as new (env: Env, kwargs: Record<string, unknown>) => Env
  return new Made(env, kwargs)
}

/**
 * Builds `numEnvs` copies of a registered environment that step together; see VectorEnv for the arrays and the autoreset modes.
 *
 *     const envs = makeVec('CartPole-v1', { numEnvs: 1024, vectorizationMode: 'native', autoresetMode: 'same-step' })
 *
 * @throws UnregisteredEnv, DeprecatedEnv, UnsupportedMode for a mode the environment does not have, InvalidKwargs
 */
export function makeVec<Obs = Float32Array>(id: string | EnvSpec, options: MakeVecOptions = {}): VectorEnv<Obs> {
  checkOptionsObject('options of makeVec', options)
  const registered = findEnv(id)
  const given = { ...registered.kwargs, ...options } as MakeVecOptions
  const { numEnvs = 1, autoresetMode = 'next-step', copy = false, wrappers = [], vectorizationMode, ...others } = given
  const { onMemberFailure = 'throw', numWorkers, modules = [], pool, timeoutMs, ...rest } = others
  const mode = vectorizationMode ?? (registered.vectorEntryPoint ? 'vector_entry_point' : 'sync')
  if (!AUTORESET_MODES.includes(autoresetMode)) {
    throw new UnsupportedMode(`autoresetMode must be one of ${AUTORESET_MODES.join(', ')}, got ${shown(autoresetMode)}`)
  }
  checkNumEnvs(numEnvs)
  if (rest.renderMode === 'human')
    throw new UnsupportedMode("several environments are shown by wrappers.vector.HumanRendering around renderMode: 'rgb_array'")
  const single = new RegisteredEnv({ ...registered, kwargs: {} })
  const one = () => wrappers.reduce<Env>((env, wrap) => wrapped(env, wrap), make(single, rest))
  let envs: VectorEnv<unknown>
  if (mode === 'sync') envs = new SyncVectorEnv(new Array(numEnvs).fill(one), { autoresetMode, copy, onMemberFailure })
  else if (mode === 'async') {
    const functions = [...wrappers, ...registered.wrappers].find((wrapper) => typeof wrapper === 'function')
    if (functions !== undefined)
      throw new UnsupportedMode(
        `wrappers go to another thread with 'async', where a function cannot: pass { name, entryPoint, kwargs } or 'module:Export'`,
      )
    const maker = { spec: single.toJSON(), options: rest, wrappers: wrappers as (WrapperSpec | string)[] }
    const threads = {
      ...(numWorkers === undefined ? {} : { numWorkers }),
      ...(pool ? { pool } : {}),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }
    envs = new AsyncVectorEnv(new Array(numEnvs).fill(maker), one, { autoresetMode, copy, onMemberFailure, modules, ...threads })
  } else envs = kernelEnv(registered, mode, { ...rest, numEnvs, autoresetMode, copy, wrappers })
  const { maxEpisodeSteps = registered.maxEpisodeSteps, disableEnvChecker = registered.disableEnvChecker, ...kwargs } = rest
  envs.spec = registered.with({
    maxEpisodeSteps,
    disableEnvChecker,
    kwargs: { ...kwargs, numEnvs, vectorizationMode: mode, autoresetMode, ...(wrappers.length > 0 ? { wrappers } : {}) },
  })
  return envs as VectorEnv<Obs>
}

function kernelEnv(registered: RegisteredEnv, mode: VectorizationMode, options: MakeVecOptions): VectorEnv<unknown> {
  if (mode !== 'native' && mode !== 'vector_entry_point') {
    throw new UnsupportedMode(`vectorizationMode must be one of ${VECTORIZATION_MODES.join(', ')}, got ${shown(mode)}`)
  }
  const entryPoint = mode === 'native' ? registered.nativeEntryPoint : registered.vectorEntryPoint
  if (entryPoint === null) throw new UnsupportedMode(`${registered.id} has no '${mode}' version; use vectorizationMode 'sync'`)
  const { vectorizationMode: _, wrappers = [], disableEnvChecker: _checker, ...rest } = options
  if (wrappers.length > 0 || registered.wrappers.length > 0) {
    throw new UnsupportedMode(`wrappers of single environments need vectorizationMode 'sync', got '${mode}'`)
  }
  const { maxEpisodeSteps: limit = registered.maxEpisodeSteps } = rest
  if (limit !== null && limit !== -1 && !(Number.isInteger(limit) && limit > 0)) {
    throw new InvalidKwargs(`maxEpisodeSteps must be a positive integer, or -1 for none, got ${shown(limit)}`)
  }
  const kwargs: VectorEnvKwargs = {
    numEnvs: 1,
    autoresetMode: 'next-step',
    copy: false,
    ...rest,
    maxEpisodeSteps: limit === -1 ? null : limit,
    renderMode: rest.renderMode ?? null,
  }
  const envs = build(resolved(entryPoint), VectorEnv, kwargs)
  if (!(envs instanceof VectorEnv)) {
    throw new EnvError('ENVS_REGISTRATION', `the '${mode}' entry point of ${registered.id} must make a VectorEnv, got ${shown(envs)}`)
  }
  return envs as VectorEnv<unknown>
}
