import { pathToFileURL } from 'node:url'
import { type Env, make, watchEnv } from '../../envs/index.js'
import { loadPolicy, type Observation, type Policy, PolicyError } from '../../rl/index.js'
import { type Command, interruptSignal, parseSeed, print } from '../output.js'

interface WatchArguments {
  env: string
  policy: string | undefined
  seed: string | undefined
  port: number
  episodes: number | undefined
  fps: number | undefined
  module: string | undefined
}

export const watchCommand: Command<WatchArguments> = {
  command: 'watch <env>',
  describe: 'Show an environment in the browser, and play it by keyboard',
  builder: (yargs) =>
    yargs
      .positional('env', { type: 'string', demandOption: true, describe: 'Environment id' })
      .option('policy', {
        type: 'string',
        requiresArg: true,
        describe: 'Policy file that acts until a key is pressed (default: random actions)',
      })
      .option('seed', { type: 'string', requiresArg: true, describe: 'Of the first episode and of random actions' })
      .option('port', {
        type: 'number',
        requiresArg: true,
        default: 0,
        describe: 'Of the page, on this machine only (default: a free one)',
      })
      .option('episodes', { type: 'number', requiresArg: true, describe: 'End after so many (default: when interrupted)' })
      .option('fps', { type: 'number', requiresArg: true, describe: 'Steps a second (default: those of the environment)' })
      .option('module', { type: 'string', requiresArg: true, describe: 'File that registers an environment of your own' })
      .example('$0 watch CartPole-v1', 'open the URL that is printed; the arrow keys take over')
      .example('$0 watch CartPole-v1 --policy runs/cp/policy.safetensors --episodes 3', 'what was learned'),
  handler: async ({ env: id, policy: path, seed: typed, port, episodes, fps, module, json }) => {
    if (module) await import(pathToFileURL(module).href)
    const policy = path === undefined ? null : await loadPolicy(path)
    const seed = parseSeed(typed)
    const signal = interruptSignal()
    const env = viewable(id)
    if (policy) refuseMisfit(policy, env)
    if (seed !== undefined) env.actionSpace.seed(seed)
    const act = policy
      ? (observation: unknown) => policy.predict(observation as Observation, { deterministic: true })[0]
      : () => env.actionSpace.sample()
    const seen = await watchEnv(env, {
      act,
      actor: policy ? policy.algorithm : 'random actions',
      port,
      signal,
      ...(seed === undefined ? {} : { seed }),
      ...(episodes === undefined ? {} : { episodes }),
      ...(fps === undefined ? {} : { fps }),
      onListening: (url) => print(json, { url }, `${id} at ${url}\nCtrl-C ends it`),
      onEpisode: (episode) => print(json, episode, `episode ${episode.episode}: return ${episode.return} in ${episode.steps} steps`),
    })
    env.close()
    if (seen.length === 0) print(json, { episodes: 0 }, 'no episode ended')
  },
}

/** Said before the page is opened, and not at the first step. */
function refuseMisfit({ actionSpace, environmentId, observationSpace }: Policy, env: Env): void {
  if (observationSpace.equals(env.observationSpace) && actionSpace.equals(env.actionSpace)) return
  const text = `the policy was trained on ${environmentId} and knows ${observationSpace} and ${actionSpace}; ${env.spec?.id} has ${env.observationSpace} and ${env.actionSpace}`
  throw new PolicyError('POLICY_SPACES', text.replace(/\s+/g, ' '))
}

/** Pictures where the environment has them, else text; shapes, where it draws them, need neither. */
function viewable(id: string): Env {
  const { metadata } = make(id, { disableEnvChecker: true })
  const mode = ['rgb_array', 'ansi'].find((known) => metadata.renderModes.includes(known)) ?? null
  return make(id, { renderMode: mode })
}
