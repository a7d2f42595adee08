import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, print } from '../output.js'

interface LinkArguments extends ConnectionArguments {
  app: string
  models: string[]
}

function linking(verb: 'link' | 'unlink', describe: string, example: readonly [string, string], told: string): Command<LinkArguments> {
  return {
    command: `${verb} <app> <models..>`,
    describe,
    builder: (yargs) =>
      connectionFlags(yargs)
        .positional('app', { type: 'string', demandOption: true, describe: 'The application' })
        .positional('models', { type: 'string', array: true, demandOption: true, describe: 'MODEL, or MODEL:VERSION' })
        .example(...example),
    handler: async ({ app, models, json, ...connection }) => {
      await withClient(connection, async ({ admin }) => {
        await admin[verb](app, ...models)
        const links = (await admin.applications()).find(({ name }) => name === app)?.models ?? []
        print(json, { name: app, models: links }, `${models.join(', ')} ${told} ${app}, which has ${links.join(', ') || 'no models now'}`)
      })
    },
  }
}

export const linkCommand = linking(
  'link',
  'Link models to an application',
  ['$0 link choice cart:1 cart:2', 'versions of one model as arms of a bandit'],
  'linked to',
)
export const unlinkCommand = linking(
  'unlink',
  'Unlink models from an application',
  ['$0 unlink choice cart:1', 'queries go to the others from now on'],
  'unlinked from',
)
