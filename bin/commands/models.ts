import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, columns, print } from '../output.js'

export const modelsCommand: Command<ConnectionArguments> = {
  command: 'models',
  describe: 'List the models of a running server',
  builder: (yargs) => connectionFlags(yargs).example('$0 models', 'every version, the current ones marked with *'),
  handler: async ({ json, ...connection }) => {
    const models = await withClient(connection, ({ admin }) => admin.models())
    const rows = models.map(({ name, version, current, kind, replicas, isolation, inputType, inputSize, algorithm, environmentId }) => {
      const containers = isolation === 'process' ? `${replicas} process${replicas === 1 ? '' : 'es'}` : isolation
      const takes = inputSize === null ? inputType : `${inputSize} ${inputType}`
      return [`${current ? '*' : ' '} ${name}:${version}`, kind, takes, containers, `${algorithm ?? ''} ${environmentId ?? ''}`.trim()]
    })
    print(json, models, rows.length > 0 ? columns(rows) : 'no models; publish one with: gymnura publish POLICY --name NAME')
  },
}
