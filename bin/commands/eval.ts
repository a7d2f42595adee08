import { pathToFileURL } from 'node:url'
import { evaluate, loadPolicy } from '../../rl/index.js'
import { type Command, parseSeed, print } from '../output.js'

interface EvaluateArguments {
  policy: string
  env: string | undefined
  episodes: number
  seed: string | undefined
  stochastic: boolean
  module: string | undefined
}

export const evaluateCommand: Command<EvaluateArguments> = {
  command: 'eval <policy>',
  describe: 'Play fresh episodes with a policy and tell its mean return',
  builder: (yargs) =>
    yargs
      .positional('policy', { type: 'string', demandOption: true, describe: 'A policy file' })
      .option('env', { type: 'string', requiresArg: true, describe: 'Environment id (default: the one it was trained on)' })
      .option('episodes', { type: 'number', requiresArg: true, default: 100, describe: 'Episodes to play' })
      .option('seed', { type: 'string', requiresArg: true, describe: 'Episode i is reset with seed + i' })
      .option('stochastic', { type: 'boolean', default: false, describe: 'Draw actions instead of taking the most probable' })
      .option('module', { type: 'string', requiresArg: true, describe: 'File that registers an environment of your own' })
      .example('$0 eval runs/cp/policy.safetensors --seed 7', 'mean and deviation of 100 episodes'),
  handler: async ({ policy: path, env, episodes, seed, stochastic, module, json }) => {
    if (module) await import(pathToFileURL(module).href)
    const policy = await loadPolicy(path)
    const environmentId = env ?? policy.environmentId
    const evaluation = await evaluate(policy, environmentId, { episodes, seed: parseSeed(seed), deterministic: !stochastic })
    const { meanReward, stdReward, meanLength } = evaluation
    const text = `${environmentId}: return ${meanReward.toFixed(2)} ± ${stdReward.toFixed(2)} over ${episodes} episodes of ${meanLength.toFixed(1)} steps`
    print(json, { environmentId, ...evaluation }, text)
  },
}
