/** Small tasks that try one ability of a learner each. They are ours, not Gymnasium's. */
import { register } from '../registry.js'
import { PickInOrderEnv } from './pick-in-order.js'
import { TMazeEnv } from './t-maze.js'

register({ id: 'TMaze-v0', entryPoint: TMazeEnv, maxEpisodeSteps: 100, rewardThreshold: 3.9 })
register({ id: 'PickInOrder-v0', entryPoint: PickInOrderEnv, maxEpisodeSteps: 50, rewardThreshold: 7.5 })

export { PickInOrderEnv, type PickInOrderOptions } from './pick-in-order.js'
export { TMazeEnv, type TMazeOptions } from './t-maze.js'
