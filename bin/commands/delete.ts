import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, print, usageError } from '../output.js'

interface DeleteArguments extends ConnectionArguments {
  what: 'app' | 'model'
  name: string
}

export const deleteCommand: Command<DeleteArguments> = {
  command: 'delete <what> <name>',
  describe: 'Delete an application, or a version of a model that answers for none',
  builder: (yargs) =>
    connectionFlags(yargs)
      .positional('what', { choices: ['app', 'model'] as const, demandOption: true, describe: 'What it is' })
      .positional('name', { type: 'string', demandOption: true, describe: 'APP, or MODEL:VERSION' })
      .example('$0 delete model cart:1', 'what was asked of it is answered first')
      .example('$0 delete app choice', 'with what its bandit has learned; its models stay'),
  handler: async ({ what, name, json, ...connection }) => {
    const [model = '', version, ...more] = name.split(':')
    if (what === 'model' && (version === undefined || more.length > 0))
      throw usageError(`delete model takes MODEL:VERSION, such as ${model || 'cart'}:1`)
    await withClient(connection, ({ admin }) =>
      what === 'app' ? admin.deleteApplication(name) : admin.deleteVersion(model, version as string),
    )
    print(json, { deleted: name }, `${name} is deleted`)
  },
}
