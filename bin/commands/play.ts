import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, interruptSignal, print, usageError } from '../output.js'
import { type Played, play } from '../play/episodes.js'

interface PlayArguments extends ConnectionArguments {
  app: string
  env: string
  episodes: number
  parallel: number
  horizon: number
  feedback: boolean
  seed: number
}

/** A line for people after so many parts of the whole. */
const REPORTS = 10

export const playCommand: Command<PlayArguments> = {
  command: 'play <app> <env>',
  describe: 'Play an environment through an application of a running server, and tell it how good its actions were',
  builder: (yargs) =>
    connectionFlags(yargs)
      .positional('app', { type: 'string', demandOption: true, describe: 'The application that is asked for each action' })
      .positional('env', { type: 'string', demandOption: true, describe: 'Environment id' })
      .option('episodes', { type: 'number', requiresArg: true, default: 100, describe: 'How many' })
      .option('parallel', { type: 'number', requiresArg: true, default: 4, describe: 'How many at the same time' })
      .option('horizon', {
        type: 'number',
        requiresArg: true,
        default: 20,
        describe: "An action's reward is the mean of the rewards of so many steps from it on; after a fall they are 0",
      })
      .option('feedback', { type: 'boolean', default: true, describe: 'Tell rewards (--no-feedback: only ask)' })
      .option('seed', { type: 'number', requiresArg: true, default: 1, describe: "Of the first episode; the next one's is one more" })
      .example('$0 play balance CartPole-v1', 'a bandit behind balance learns which of its models keeps the pole up'),
  handler: async ({ app, env, episodes, parallel, horizon, feedback, seed, json, ...connection }) => {
    for (const [flag, value] of Object.entries({ episodes, parallel, horizon }))
      if (!(Number.isInteger(value) && value >= 1)) throw usageError(`--${flag} is ${value}; expected a whole number, at least 1`)
    if (!(Number.isSafeInteger(seed) && seed >= 0)) throw usageError(`--seed is ${seed}; expected a whole number, at least 0`)
    const all: Played[] = []
    const part = Math.ceil(episodes / REPORTS)
    const startedAt = performance.now()
    const signal = interruptSignal()
    const options = { environment: env, application: app, episodes, parallel, horizon, feedback, seed }
    await withClient(connection, (client) =>
      play(
        client,
        options,
        (played) => {
          all.push(played)
          if (!json && all.length % part === 0)
            process.stdout.write(`${all.length} episodes, the last ${part}: ${summary(all.slice(-part))}\n`)
        },
        signal,
      ),
    )
    const seconds = (performance.now() - startedAt) / 1000
    const steps = sum(all.map((one) => one.steps))
    const result = {
      episodes: all.length,
      meanReturn: all.length > 0 ? sum(all.map((one) => one.return)) / all.length : null,
      queries: steps,
      queriesPerS: steps / seconds,
      defaults: sum(all.map(({ defaults }) => defaults)),
    }
    const refused = all.find((one) => one.refused !== undefined)?.refused
    const told = refused === undefined ? '' : `\nfeedback was not taken: ${refused}`
    print(
      json,
      { ...result, refused },
      `${all.length} episodes, ${steps.toLocaleString('en-US')} queries in ${seconds.toFixed(1)} s: ${summary(all)}${told}`,
    )
  },
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0)

function summary(played: readonly Played[]): string {
  if (played.length === 0) return 'nothing played'
  const defaults = sum(played.map((one) => one.defaults))
  return `mean return ${(sum(played.map((one) => one.return)) / played.length).toFixed(1)}${defaults > 0 ? `, ${defaults} defaults` : ''}`
}
