import { connect } from '../../serve/index.js'
import { type Command, DEFAULT_URL, print, untilListening } from '../output.js'

interface PromoteArguments {
  model: string
  version: string
  url: string
}

export const promoteCommand: Command<PromoteArguments> = {
  command: 'promote <model> <version>',
  describe: 'Make a version of a model the one that answers',
  builder: (yargs) =>
    yargs
      .version(false)
      .positional('model', { type: 'string', demandOption: true, describe: 'The model' })
      .positional('version', { type: 'string', demandOption: true, describe: 'One that was published' })
      .option('url', { type: 'string', requiresArg: true, default: DEFAULT_URL, describe: 'The server' })
      .example('$0 promote balance 2', 'version 2 answers from now on; back with: $0 rollback balance'),
  handler: async ({ model, version, url, json }) => {
    const client = connect(url)
    try {
      await untilListening(url)
      const current = await client.admin.setVersion(model, version)
      print(json, current, `${current.name} version ${current.version} answers`)
    } finally {
      client.close()
    }
  },
}

export const rollbackCommand: Command<Pick<PromoteArguments, 'model' | 'url'>> = {
  command: 'rollback <model>',
  describe: 'Go back to the version that answered before',
  builder: (yargs) =>
    yargs
      .positional('model', { type: 'string', demandOption: true, describe: 'The model' })
      .option('url', { type: 'string', requiresArg: true, default: DEFAULT_URL, describe: 'The server' })
      .example('$0 rollback balance', 'undoes the last promote or publish'),
  handler: async ({ model, url, json }) => {
    const client = connect(url)
    try {
      await untilListening(url)
      const current = await client.admin.rollback(model)
      print(json, current, `${current.name} version ${current.version} answers`)
    } finally {
      client.close()
    }
  },
}
