import { Env, type EnvSpec, Wrapper } from './env.js'
import { EnvError, InvalidKwargs, UnsupportedMode } from './errors.js'
import { checkOptionsObject } from './kwargs.js'
import { build, findSpec, type RegisteredEnv, toEnvSpec } from './registry.js'
import { shown } from './shown.js'
import type { DtypeArray } from './spaces/index.js'
import { SyncVectorEnv } from './vector/sync-vector-env.js'
import { AUTORESET_MODES, type AutoresetMode, checkNumEnvs, VectorEnv, type VectorEnvKwargs } from './vector/vector-env.js'
import { OrderEnforcing, PassiveEnvChecker, TimeLimit } from './wrappers/index.js'

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
  /** Put around each single environment, innermost first; only with 'sync'. */
  wrappers?: readonly ((env: Env) => Env)[]
}

/** The types of the environments that come along; others are told by the type arguments of `make`. */
export interface EnvTypes {
  'CartPole-v0': Env<Float32Array, number>
  'CartPole-v1': Env<Float32Array, number>
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
  const base = findSpec(idOf(id))
  const given = withSpec(id, options)
  const { maxEpisodeSteps = base.maxEpisodeSteps, disableEnvChecker = base.disableEnvChecker, renderMode, ...kwargs } = given
  if (base.entryPoint === null) throw new EnvError('ENVS_REGISTRATION', `${base.id} has no single environment; use makeVec`)
  const mode = renderMode ?? null
  if (mode !== null && typeof mode !== 'string') throw new UnsupportedMode(`renderMode is text or null, got ${shown(mode)}`)
  const merged = { ...base.kwargs, ...kwargs, renderMode: mode }
  const inner = build(base.entryPoint, Env, merged)
  if (!(inner instanceof Env)) {
    throw new EnvError('ENVS_REGISTRATION', `the entry point of ${base.id} must make an environment that extends Env, got ${shown(inner)}`)
  }
  const plainSpec = specOf(base, { maxEpisodeSteps: null, disableEnvChecker, kwargs: merged })
  // An entry point may have put wrappers around its environment already.
  for (let layer: Env | null = inner; layer !== null; layer = layer instanceof Wrapper ? layer.env : null) {
    layer.renderMode = mode
    layer.spec = plainSpec
  }
  if (mode !== null && !inner.metadata.renderModes.includes(mode)) {
    throw new UnsupportedMode(`${base.id} cannot render as ${mode}; it has ${inner.metadata.renderModes.join(', ') || 'no render modes'}`)
  }
  let env: Env = inner
  if (!disableEnvChecker) env = new PassiveEnvChecker(env)
  if (base.orderEnforce) env = new OrderEnforcing(env)
  if (maxEpisodeSteps !== null && maxEpisodeSteps !== -1) env = new TimeLimit(env, maxEpisodeSteps)
  for (const wrap of base.additionalWrappers) env = wrap(env)
  return env
}

/**
 * Builds `numEnvs` copies of a registered environment that step together; see VectorEnv for the arrays and the autoreset modes.
 *
 *     const envs = makeVec('CartPole-v1', { numEnvs: 1024, vectorizationMode: 'native', autoresetMode: 'same-step' })
 *
 * @throws UnregisteredEnv, DeprecatedEnv, UnsupportedMode for a mode the environment does not have, InvalidKwargs
 */
export function makeVec<Obs extends DtypeArray = Float32Array>(id: string | EnvSpec, options: MakeVecOptions = {}): VectorEnv<Obs> {
  checkOptionsObject('options of makeVec', options)
  const registered = findSpec(idOf(id))
  const given = withSpec(id, options)
  const { numEnvs = 1, autoresetMode = 'next-step', copy = false, wrappers = [], vectorizationMode, ...rest } = given
  const mode = vectorizationMode ?? (registered.vectorEntryPoint ? 'vector_entry_point' : 'sync')
  if (!AUTORESET_MODES.includes(autoresetMode)) {
    throw new UnsupportedMode(`autoresetMode must be one of ${AUTORESET_MODES.join(', ')}, got ${shown(autoresetMode)}`)
  }
  checkNumEnvs(numEnvs)
  const envs =
    mode === 'sync' ? syncEnv<Obs>(registered.id, rest, wrappers, { numEnvs, autoresetMode, copy }) : kernelEnv(registered, mode, given)
  envs.spec = specOf(registered, {
    maxEpisodeSteps: rest.maxEpisodeSteps === undefined ? registered.maxEpisodeSteps : rest.maxEpisodeSteps,
    kwargs: { ...registered.kwargs, ...rest, numEnvs, vectorizationMode: mode, autoresetMode },
  })
  return envs as VectorEnv<Obs>
}

/** Of a spec its id; anything else is left to be refused as an id. */
function idOf(id: string | EnvSpec): string {
  return typeof id === 'object' && id !== null ? id.id : id
}

/** What a spec says, unless the options say otherwise. */
function withSpec<O extends MakeOptions>(id: string | EnvSpec, options: O): O {
  return typeof id === 'string'
    ? options
    : { ...id.kwargs, maxEpisodeSteps: id.maxEpisodeSteps, disableEnvChecker: id.disableEnvChecker, ...options }
}

function syncEnv<Obs extends DtypeArray>(
  id: string,
  options: MakeOptions,
  wrappers: readonly ((env: Env) => Env)[],
  { numEnvs, autoresetMode, copy }: { numEnvs: number; autoresetMode: AutoresetMode; copy: boolean },
): VectorEnv<Obs> {
  const one = () => wrappers.reduce((env, wrap) => wrap(env), make(id, options))
  return new SyncVectorEnv<Obs>(
    Array.from({ length: numEnvs }, () => one),
    { autoresetMode, copy },
  )
}

function kernelEnv(registered: RegisteredEnv, mode: VectorizationMode, options: MakeVecOptions): VectorEnv<DtypeArray> {
  if (mode === 'async') throw new UnsupportedMode("vectorizationMode 'async' is not available in this version; use 'sync' or 'native'")
  if (mode !== 'native' && mode !== 'vector_entry_point') {
    throw new UnsupportedMode(`vectorizationMode must be one of ${VECTORIZATION_MODES.join(', ')}, got ${shown(mode)}`)
  }
  const entryPoint = mode === 'native' ? registered.nativeEntryPoint : registered.vectorEntryPoint
  if (entryPoint === null) throw new UnsupportedMode(`${registered.id} has no '${mode}' version; use vectorizationMode 'sync'`)
  const { vectorizationMode: _, wrappers = [], disableEnvChecker: _checker, ...rest } = options
  if (wrappers.length > 0 || registered.additionalWrappers.length > 0) {
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
    ...registered.kwargs,
    ...rest,
    maxEpisodeSteps: limit === -1 ? null : limit,
    renderMode: rest.renderMode ?? null,
  }
  const envs = build(entryPoint, VectorEnv, kwargs)
  if (!(envs instanceof VectorEnv)) {
    throw new EnvError('ENVS_REGISTRATION', `the '${mode}' entry point of ${registered.id} must make a VectorEnv, got ${shown(envs)}`)
  }
  return envs as VectorEnv<DtypeArray>
}

function specOf(registered: RegisteredEnv, changes: Partial<EnvSpec>): EnvSpec {
  return { ...toEnvSpec(registered), ...changes }
}
