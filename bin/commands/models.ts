import { connect } from '../../serve/index.js'
import { type Command, DEFAULT_URL, print, untilListening } from '../output.js'

export const modelsCommand: Command<{ url: string }> = {
  command: 'models',
  describe: 'List the models of a running server',
  builder: (yargs) =>
    yargs
      .option('url', { type: 'string', requiresArg: true, default: DEFAULT_URL, describe: 'The server' })
      .example('$0 models', 'every version, the current ones marked with *'),
  handler: async ({ url, json }) => {
    const client = connect(url)
    try {
      await untilListening(url)
      const models = await client.admin.models()
      const lines = models.map(({ name, version, current, replicas, isolation, algorithm = '', environmentId = '' }) => {
        const containers = isolation === 'process' ? `${replicas} process${replicas === 1 ? '' : 'es'}` : isolation
        return `${current ? '*' : ' '} ${`${name}:${version}`.padEnd(24)} ${containers.padEnd(12)} ${algorithm} ${environmentId}`.trimEnd()
      })
      print(json, models, lines.length > 0 ? lines.join('\n') : 'no models; publish one with: gymnura publish POLICY --name NAME')
    } finally {
      client.close()
    }
  },
}
