import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, columns, print } from '../output.js'

export const appsCommand: Command<ConnectionArguments> = {
  command: 'apps',
  describe: 'List the applications of a running server',
  builder: (yargs) => connectionFlags(yargs).example('$0 apps', 'with their objective, selection policy and models'),
  handler: async ({ json, ...connection }) => {
    const applications = await withClient(connection, ({ admin }) => admin.applications())
    const rows = applications.map(({ name, sloMs, selection, defaultOutput, models }) => {
      const chosen = typeof selection === 'string' ? selection : JSON.stringify(selection)
      return [name, `${sloMs} ms`, chosen, JSON.stringify(defaultOutput), models.join(', ') || '–']
    })
    const table = columns([['application', 'objective', 'selection', 'default', 'models'], ...rows])
    print(json, applications, rows.length > 0 ? table : 'no applications; publish a model, or: gymnura register APP --default OUTPUT')
  },
}
