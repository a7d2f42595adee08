/**
 * `gymnura/envs`: environments with Gymnasium's API and Gymnasium's numbers. Runs in Node and in a browser; depends on nothing else here.
 *
 *     const env = make('CartPole-v1')
 *     const [observation, info] = env.reset({ seed: 42 })
 *     const [next, reward, terminated, truncated] = env.step(env.actionSpace.sample())
 *
 * @module
 */
import './box2d/index.js'
import './classic-control/index.js'
import './diagnostic/index.js'
import './minatar/index.js'
import './mujoco/index.js'
import './toy-text/index.js'

export * from './box2d/index.js'
export { type CheckOptions, checkEnv } from './check.js'
export {
  AcrobotEnv,
  type AcrobotOptions,
  CartPoleEnv,
  CartPoleNative,
  type CartPoleOptions,
  CartPoleVectorEnv,
  ContinuousMountainCarEnv,
  MountainCarEnv,
  type MountainCarOptions,
  PendulumEnv,
  type PendulumOptions,
} from './classic-control/index.js'
export { PickInOrderEnv, type PickInOrderOptions, TMazeEnv, type TMazeOptions } from './diagnostic/index.js'
export { EntryPointNotLoaded, loadEntryPoint, registerEntryPoint } from './entry-points.js'
export {
  Env,
  type EnvMetadata,
  type EnvState,
  type Info,
  type RenderFrame,
  type ResetOptions,
  type RGBFrame,
  type StackState,
  type StepResult,
} from './env.js'
export { EnvSpec, type EnvSpecFields, type WrapperSpec } from './env-spec.js'
export { checkEnvironmentsMatch, dataEquivalence, type MatchOptions } from './environments-match.js'
export * from './errors.js'
export { setWarningHandler, type WarningHandler } from './logger.js'
export { type EnvTypes, type MakeOptions, type MakeVecOptions, make, makeAsync, makeVec, type VectorizationMode } from './make.js'
export { MinAtarEnv, MinAtarNative, type MinAtarOptions } from './minatar/index.js'
export * from './mujoco/index.js'
export type { KernelMemory } from './native/kernel-memory.js'
export { type BenchmarkOptions, benchmarkInit, benchmarkRender, benchmarkStep, benchmarkVectorStep } from './performance.js'
export { PythonEnv, type PythonEnvOptions, PythonSingleEnv, PythonVectorEnv, type PythonVectorEnvOptions } from './python/index.js'
export {
  type AdditionalWrapper,
  type EntryPoint,
  pprintRegistry,
  type RegisteredEnv,
  type Registration,
  register,
  registry,
  spec,
} from './registry.js'
export { type Context2D, paintOn } from './rendering/browser-canvas.js'
export type { Canvas, Color, Drawing, Point } from './rendering/canvas.js'
export { type SaveVideoOptions, saveVideo } from './rendering/save-video.js'
export { cappedCubicVideoSchedule } from './rendering/video.js'
export {
  type ChoiceOptions,
  childRandom,
  npRandom,
  PCG64,
  type PCG64State,
  RandomGenerator,
  type RandomState,
  type Seed,
  SeedSequence,
  seedPlus,
} from './seeding.js'
export * as spaces from './spaces/index.js'
export {
  BlackjackEnv,
  type BlackjackObservation,
  type BlackjackOptions,
  CliffWalkingEnv,
  type CliffWalkingOptions,
  FrozenLakeEnv,
  type FrozenLakeOptions,
  generateRandomMap,
  type RandomMapOptions,
  TaxiEnv,
  type TaxiOptions,
} from './toy-text/index.js'
export { AsyncVectorEnv, type AsyncVectorOptions } from './vector/async-vector-env.js'
export { serveEnvironments } from './vector/serve-environments.js'
export { type MemberFailure, SyncVectorEnv, type SyncVectorOptions } from './vector/sync-vector-env.js'
export type { EnvThread, EnvThreadPool, EnvThreadSetup, MemberMaker } from './vector/threads.js'
export { type AutoresetMode, VectorEnv, type VectorEnvKwargs } from './vector/vector-env.js'
export type { ObservationTarget, VectorEnvState, VectorInfos, VectorResetOptions, VectorStep } from './vector/vector-types.js'
export { type WatchedEpisode, type WatchOptions, watchEnv } from './watch.js'
export { ActionWrapper, ObservationWrapper, RewardWrapper, Wrapper } from './wrapper.js'
export * as wrappers from './wrappers/index.js'
