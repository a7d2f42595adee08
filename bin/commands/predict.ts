import { connect } from '../../serve/index.js'
import { type Command, DEFAULT_URL, print, untilListening, usageError } from '../output.js'

interface PredictArguments {
  app: string
  input: string
  url: string
}

export const predictCommand: Command<PredictArguments> = {
  command: 'predict <app>',
  describe: 'Ask a running server for an action',
  builder: (yargs) =>
    yargs
      .positional('app', { type: 'string', demandOption: true, describe: 'The application' })
      .option('input', { type: 'string', requiresArg: true, demandOption: true, describe: 'An observation as JSON' })
      .option('url', { type: 'string', requiresArg: true, default: DEFAULT_URL, describe: 'The server' })
      .example('$0 predict balance --input "[0, 0, 0.1, 0]"', 'the action for one observation'),
  handler: async ({ app, input, url, json }) => {
    const client = connect(url)
    try {
      await untilListening(url)
      const answer = await client.predict(app, parseObservation(input))
      const why = answer.default ? ` (default: ${answer.defaultExplanation})` : ''
      print(json, answer, `${JSON.stringify(answer.output)}${why}`)
    } finally {
      client.close()
    }
  },
}

function parseObservation(text: string): number[] {
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
  } catch {
    // said below
  }
  throw usageError(`--input is ${text}; expected an array of numbers as JSON, such as --input "[0, 0, 0, 0]"`)
}
