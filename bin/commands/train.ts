import { join } from 'node:path'
import { spec } from '../../envs/index.js'
import { PPO } from '../../rl/index.js'
import { type Command, interruptSignal, print, usageError } from '../output.js'

interface TrainArguments {
  env: string | undefined
  algo: 'ppo'
  seed: number
  steps: number | undefined
  out: string | undefined
  resume: string | undefined
  workers: number | undefined
}

export const trainCommand: Command<TrainArguments> = {
  command: 'train [env]',
  describe: 'Train a policy; without --steps, until the environment counts as solved',
  builder: (yargs) =>
    yargs
      .positional('env', { type: 'string', describe: 'Environment id' })
      .option('algo', { choices: ['ppo'] as const, default: 'ppo' as const, describe: 'Algorithm' })
      .option('seed', { type: 'number', default: 1, describe: 'Everything random follows from it' })
      .option('steps', { type: 'number', describe: 'Environment steps to train for' })
      .option('out', { type: 'string', describe: 'Folder for the run (default: runs/ENV-ALGO-SEED)' })
      .option('resume', { type: 'string', describe: 'Go on with the run in this folder' })
      .option('workers', { type: 'number', describe: 'Worker threads (default: one a core); the numbers do not depend on it' })
      .conflicts('resume', ['env', 'steps', 'out'])
      .example('$0 train CartPole-v1 --seed 1 --out runs/cp', 'solve CartPole; the policy is runs/cp/policy.safetensors'),
  handler: async ({ env, algo, seed, steps, out, resume, workers, json }) => {
    if (!env && !resume) throw usageError('train needs an environment, as in: gymnura train CartPole-v1')
    const agent = resume ? await PPO.resume(resume, { numWorkers: workers }) : new PPO(env!, { seed, numWorkers: workers })
    const folder = resume ?? out ?? join('runs', `${env}-${algo}-${seed}`)
    const signal = interruptSignal()
    const stopAtReturn = steps === undefined ? (spec(agent.environmentId).rewardThreshold ?? undefined) : undefined
    const startedAt = performance.now()
    await agent.learn(steps, { progress: !json, signal, ...(!resume && { logDir: folder, stopAtReturn }) })
    const seconds = (performance.now() - startedAt) / 1000
    const { evaluation } = agent
    const policy = join(folder, 'policy.safetensors')
    const meanReturn = evaluation?.meanReward ?? agent.meanReturn
    const result = { folder, policy, steps: agent.steps, seconds, return: meanReturn, interrupted: signal.aborted }
    const outcome = evaluation
      ? `greedy mean return ${evaluation.meanReward.toFixed(1)} over ${evaluation.rewards.length} fresh episodes`
      : `mean training return ${agent.meanReturn?.toFixed(1) ?? '–'}`
    const next = signal.aborted ? `go on with: gymnura train --resume ${folder}` : `next: gymnura eval ${policy}`
    print(json, result, `${outcome} after ${agent.steps} steps in ${seconds.toFixed(1)} s\n${policy}\n${next}`)
  },
}
