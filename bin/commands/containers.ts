import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, columns, print } from '../output.js'

export const containersCommand: Command<ConnectionArguments> = {
  command: 'containers',
  describe: "List the processes that run a server's models",
  builder: (yargs) => connectionFlags(yargs).example('$0 containers', 'with pid, state, restarts and the batch size they have found'),
  handler: async ({ json, ...connection }) => {
    const containers = await withClient(connection, ({ admin }) => admin.containers())
    const rows = containers.map(({ model, replica, ready, pid, restarts, maxBatch }) => [
      model,
      String(replica),
      pid === undefined ? '–' : String(pid),
      ready ? 'ready' : 'starting',
      String(restarts),
      String(maxBatch),
    ])
    const table = columns([['model', 'replica', 'pid', 'state', 'restarts', 'batch limit'], ...rows])
    print(json, containers, rows.length > 0 ? table : 'no containers; publish a model with: gymnura publish POLICY --name NAME')
  },
}
