import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, print } from '../output.js'

interface ReplicasArguments extends ConnectionArguments {
  model: string
  count: number
  version: string | undefined
}

export const replicasCommand: Command<ReplicasArguments> = {
  command: 'replicas <model> <count>',
  describe: 'Run more or fewer containers of a model side by side',
  builder: (yargs) =>
    connectionFlags(yargs.version(false))
      .positional('model', { type: 'string', demandOption: true, describe: 'The model' })
      .positional('count', { type: 'number', demandOption: true, describe: 'How many there are to be' })
      .option('version', { type: 'string', requiresArg: true, describe: 'Of this version (default: the current one)' })
      .example('$0 replicas cart 2', 'answers once the second one is warm'),
  handler: async ({ model, count, version, json, ...connection }) => {
    const scaled = await withClient(connection, ({ admin }) => admin.setReplicas(model, count, version))
    print(json, scaled, `${scaled.name}:${scaled.version} has ${scaled.replicas} container${scaled.replicas === 1 ? '' : 's'}`)
  },
}
