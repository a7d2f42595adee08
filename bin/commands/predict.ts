import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, print, usageError } from '../output.js'

interface PredictArguments extends ConnectionArguments {
  app: string
  input: string
  user: string | undefined
  version: string | undefined
}

export const predictCommand: Command<PredictArguments> = {
  command: 'predict <app>',
  describe: 'Ask a running server for an action',
  builder: (yargs) =>
    connectionFlags(yargs.version(false))
      .positional('app', { type: 'string', demandOption: true, describe: 'The application' })
      .option('input', {
        type: 'string',
        requiresArg: true,
        demandOption: true,
        describe: 'An observation as JSON: numbers, or a string (for bytes, in base64)',
      })
      .option('user', { type: 'string', requiresArg: true, describe: 'Whose query it is, for selection that learns by user' })
      .option('version', { type: 'string', requiresArg: true, describe: 'Ask this version of the model, not the current one' })
      .example('$0 predict balance --input "[0, 0, 0.1, 0]"', 'the action for one observation'),
  handler: async ({ app, input, user, version, json, ...connection }) => {
    const observation = parseObservation(input)
    const answer = await withClient(connection, (client) => client.predict(app, observation, { user, version }))
    const { output, queryId, confidence, default: isDefault, defaultExplanation } = answer
    const sure = confidence < 1 && !isDefault ? `, confidence ${confidence.toFixed(2)}` : ''
    const why = isDefault ? `, the default: ${defaultExplanation}` : ''
    print(json, answer, `${JSON.stringify(output)}  (query ${queryId}${sure}${why})`)
  },
}

function parseObservation(text: string): number[] | string {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value) || typeof value === 'string') return value
  } catch {
    // said below
  }
  throw usageError(`--input is ${text}; expected an array of numbers or a string as JSON, such as --input "[0, 0, 0, 0]"`)
}
