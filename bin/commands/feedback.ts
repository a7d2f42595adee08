import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { type Command, parseJson, print, usageError } from '../output.js'

interface FeedbackArguments extends ConnectionArguments {
  app: string
  query: number
  reward: number | undefined
  label: string | undefined
}

export const feedbackCommand: Command<FeedbackArguments> = {
  command: 'feedback <app>',
  describe: 'Tell a running server how good an answer was',
  builder: (yargs) =>
    connectionFlags(yargs)
      .positional('app', { type: 'string', demandOption: true, describe: 'The application' })
      .option('query', { type: 'number', requiresArg: true, demandOption: true, describe: "The answer's query id" })
      .option('reward', { type: 'number', requiresArg: true, describe: "How good it was, within the application's range (0 to 1)" })
      .option('label', {
        type: 'string',
        requiresArg: true,
        describe: 'What the answer should have been: a number, a word, or numbers as JSON',
      })
      .example('$0 feedback balance --query 17 --reward 1', 'counts once'),
  handler: async ({ app, query, reward, label, json, ...connection }) => {
    if ((reward === undefined) === (label === undefined)) throw usageError('feedback takes one of --reward and --label')
    const verdict = reward === undefined ? { label: parseLabel(label!) } : { reward }
    const result = await withClient(connection, (client) => client.feedback(app, { queryId: query, ...verdict }))
    print(json, result, result.accepted ? 'accepted' : `not accepted: ${result.reason}`)
    if (!result.accepted) process.exitCode = 1
  },
}

/** A class by its number or its name, or numbers. */
function parseLabel(text: string): number | string | number[] {
  if (/^\p{L}[^\p{C}"[\]{},:]*$/u.test(text)) return text
  const label = parseJson('--label', text, '1, cat, or [0.5, 1]')
  const isLabel = typeof label === 'string' || [label].flat().every((part) => typeof part === 'number')
  if (!isLabel) throw usageError(`--label is ${text}; expected a number, a word or an array of numbers`)
  return label as number | string | number[]
}
