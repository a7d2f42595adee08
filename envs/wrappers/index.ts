/** Wrappers: environments around environments. */
export { Wrapper } from '../env.js'
export { Autoreset } from './autoreset.js'
export { OrderEnforcing } from './order-enforcing.js'
export { PassiveEnvChecker } from './passive-env-checker.js'
export { type EpisodeStatistics, RecordEpisodeStatistics } from './record-episode-statistics.js'
export { TimeLimit } from './time-limit.js'
