import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { spec } from '../../envs/index.js'
import { PPO } from '../../rl/index.js'
import { type Command, interruptSignal, parseSeed, print, quoted, usageError } from '../output.js'

interface TrainArguments {
  env: string | undefined
  algo: 'ppo'
  seed: string | undefined
  steps: number | undefined
  out: string | undefined
  resume: string | undefined
  workers: number | undefined
  module: string | undefined
}

export const trainCommand: Command<TrainArguments> = {
  command: 'train [env]',
  describe: 'Train a policy; without --steps, until the environment counts as solved',
  builder: (yargs) =>
    yargs
      .positional('env', { type: 'string', describe: 'Environment id' })
      .option('algo', { choices: ['ppo'] as const, default: 'ppo' as const, describe: 'Algorithm' })
      .option('seed', { type: 'string', requiresArg: true, describe: 'Everything random follows from it (default: 1)' })
      .option('steps', { type: 'number', requiresArg: true, describe: 'Environment steps to train for' })
      .option('out', { type: 'string', requiresArg: true, describe: 'Folder for the run (default: runs/ENV-ALGO-SEED)' })
      .option('resume', { type: 'string', requiresArg: true, describe: 'Go on with the run in this folder' })
      .option('workers', {
        type: 'number',
        requiresArg: true,
        describe: 'Worker threads (default: one a core); the numbers do not depend on it',
      })
      .option('module', { type: 'string', requiresArg: true, describe: 'File that registers an environment of your own' })
      .conflicts('resume', ['env', 'steps', 'out', 'seed', 'module'])
      .example('$0 train CartPole-v1 --seed 1 --out runs/cp', 'solve CartPole; the policy is runs/cp/policy.safetensors'),
  handler: async ({ env, seed: typed, steps, out, resume, workers, module: file, json }) => {
    if (!env && !resume) throw usageError('train needs an environment, as in: gymnura train CartPole-v1')
    const module = file === undefined ? undefined : pathToFileURL(file).href
    if (module) await import(module)
    const seed = parseSeed(typed) ?? 1
    const agent = resume ? await PPO.resume(resume, { numWorkers: workers }) : new PPO(env!, { seed, module, numWorkers: workers })
    const folder = resume ?? out ?? join('runs', `${agent.environmentId}-ppo-${seed}`)
    const stopAtReturn = steps === undefined ? (spec(agent.environmentId).rewardThreshold ?? undefined) : undefined
    const signal = interruptSignal()
    const startedAt = performance.now()
    const before = agent.steps
    await agent.learn(steps, { progress: !json, signal, ...(!resume && { logDir: folder, stopAtReturn }) })
    const seconds = (performance.now() - startedAt) / 1000
    const { evaluation, meanReturn, solved } = agent
    const policy = join(folder, 'policy.safetensors')
    const reached = evaluation?.meanReward ?? meanReturn
    const result = { folder, policy, steps: agent.steps, seconds, return: reached, solved, interrupted: signal.aborted }
    const measured = evaluation
      ? `greedy mean return ${evaluation.meanReward.toFixed(1)} over fresh episodes`
      : `mean training return ${meanReturn?.toFixed(1) ?? '–'}`
    const outcome =
      agent.steps === before ? `the run had ended: ${measured}` : `${measured} after ${agent.steps} steps in ${seconds.toFixed(1)} s`
    const next = signal.aborted ? `train --resume ${quoted(folder)}` : `eval ${quoted(policy)}`
    print(json, result, `${outcome}\n${policy}\n${signal.aborted ? 'go on with' : 'next'}: npx gymnura ${next}`)
  },
}
