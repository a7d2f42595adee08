import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, print } from '../output.js'

interface PromoteArguments extends ConnectionArguments {
  model: string
  version: string
}

export const promoteCommand: Command<PromoteArguments> = {
  command: 'promote <model> <version>',
  describe: 'Make a version of a model the one that answers',
  builder: (yargs) =>
    connectionFlags(yargs.version(false))
      .positional('model', { type: 'string', demandOption: true, describe: 'The model' })
      .positional('version', { type: 'string', demandOption: true, describe: 'One that was published' })
      .example('$0 promote balance 2', 'version 2 answers from now on; back with: $0 rollback balance'),
  handler: async ({ model, version, json, ...connection }) => {
    const current = await withClient(connection, ({ admin }) => admin.setVersion(model, version))
    print(json, current, `${current.name} version ${current.version} answers`)
  },
}

export const rollbackCommand: Command<Omit<PromoteArguments, 'version'>> = {
  command: 'rollback <model>',
  describe: 'Go back to the version that answered before',
  builder: (yargs) =>
    connectionFlags(yargs)
      .positional('model', { type: 'string', demandOption: true, describe: 'The model' })
      .example('$0 rollback balance', 'undoes the last promote or publish'),
  handler: async ({ model, json, ...connection }) => {
    const current = await withClient(connection, ({ admin }) => admin.rollback(model))
    print(json, current, `${current.name} version ${current.version} answers`)
  },
}
