import type { Argv } from 'yargs'
import { APPLICATION_FLAGS, type ApplicationArguments, applicationFlags, applicationOptions } from '../application-flags.js'
import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, inFlags, print, usageError } from '../output.js'

const INPUT_TYPES = ['floats', 'doubles', 'integers', 'bytes', 'strings'] as const

interface RegisterArguments extends ConnectionArguments, ApplicationArguments {
  app: string
  inputType: (typeof INPUT_TYPES)[number]
  link: string[] | undefined
}

export const registerCommand: Command<RegisterArguments> = {
  command: 'register <app>',
  describe: 'Register an application: what clients ask, answered by the models linked to it',
  builder: (yargs) =>
    applicationFlags(connectionFlags(yargs), 'Application:')
      .positional('app', { type: 'string', demandOption: true, describe: 'Its name' })
      .option('input-type', { choices: INPUT_TYPES, default: 'floats' as const, describe: 'What queries carry' })
      .option('link', { type: 'string', array: true, requiresArg: true, describe: 'MODEL, or MODEL:VERSION for one version for good' })
      .group(['input-type', 'link'], 'Application:')
      .example('$0 register choice --selection exp3 --default 0 --link cart:1 cart:2', 'a bandit over two versions') as unknown as Argv<
      RegisterArguments & { json: boolean }
    >,
  handler: async ({ app: name, inputType, link: models = [], json, ...given }) => {
    const { defaultOutput, ...options } = applicationOptions(given) ?? {}
    if (defaultOutput === undefined) throw usageError('register takes --default, the output when no prediction is there in time')
    await withClient(given, async (client) => {
      try {
        await client.admin.registerApplication({ name, inputType, defaultOutput, ...options })
      } catch (error) {
        throw inFlags(error, { ...APPLICATION_FLAGS, name: 'the name' })
      }
      try {
        if (models.length > 0) await client.admin.link(name, ...models)
      } catch (error) {
        // One that nothing is linked to is of no use, and its name would be taken at the next try.
        await client.admin.deleteApplication(name)
        throw error
      }
      const linked = models.length > 0 ? `linked to ${models.join(', ')}` : `link models to it: gymnura link ${name} MODEL`
      print(json, { name, models, url: client.url }, `${name} is registered: POST ${client.url}/${name}/predict; ${linked}`)
    })
  },
}
