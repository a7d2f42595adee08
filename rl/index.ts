/** `gymnura/rl`: algorithms, policies and experiments. */
export { PPO, type PPOHyperparameters } from './algorithms/ppo.js'
export { LearningError, type LearningErrorCode } from './errors.js'
export type { AgentOptions, Callback, LearnOptions, Update } from './experiment/agent.js'
export { type EvaluateOptions, type Evaluation, evaluate } from './experiment/evaluation.js'
export type { MetricsRow, RunConfig } from './experiment/run-folder.js'
export type { Schedule } from './experiment/schedule.js'
export { type ActOptions, type Acts, loadPolicy, type Observation, Policy, PolicyError, type PolicyErrorCode } from './policy/index.js'
