import { GymnuraError } from '../core/index.js'

/**
 * What can go wrong in learning. `code` is for programs, the message says what was given, what was expected and what to do.
 *
 * | code | meaning |
 * | --- | --- |
 * | `RL_OPTION` | an unknown hyperparameter, or a value out of range |
 * | `RL_SPACE` | the algorithm does not handle the environment's spaces |
 * | `RL_RUN_EXISTS` | the folder already holds a run |
 * | `RL_RUN_NOT_FOUND` | the folder holds no run, or no checkpoint to resume from |
 * | `RL_RUN_INVALID` | the run's files are damaged or belong to another algorithm |
 * | `RL_RUN_BUSY` | another process writes to the run's folder |
 * | `RL_RUN_UNWRITABLE` | the run's folder cannot be written |
 * | `RL_BUSY` | the agent is learning already |
 * | `RL_DIVERGED` | losses or weights are no longer finite |
 */
export type LearningErrorCode =
  | 'RL_OPTION'
  | 'RL_SPACE'
  | 'RL_RUN_EXISTS'
  | 'RL_RUN_NOT_FOUND'
  | 'RL_RUN_INVALID'
  | 'RL_RUN_BUSY'
  | 'RL_RUN_UNWRITABLE'
  | 'RL_BUSY'
  | 'RL_DIVERGED'

export class LearningError extends GymnuraError<LearningErrorCode> {}
