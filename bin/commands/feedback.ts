import { connect } from '../../serve/index.js'
import { type Command, DEFAULT_URL, print, untilListening, usageError } from '../output.js'

interface FeedbackArguments {
  app: string
  query: number
  reward: number | undefined
  label: number | undefined
  url: string
}

export const feedbackCommand: Command<FeedbackArguments> = {
  command: 'feedback <app>',
  describe: 'Tell a running server how good an answer was',
  builder: (yargs) =>
    yargs
      .positional('app', { type: 'string', demandOption: true, describe: 'The application' })
      .option('query', { type: 'number', requiresArg: true, demandOption: true, describe: "The answer's queryId" })
      .option('reward', { type: 'number', requiresArg: true, describe: 'How good it was, usually 0 to 1' })
      .option('label', { type: 'number', requiresArg: true, describe: 'What the answer should have been' })
      .option('url', { type: 'string', requiresArg: true, default: DEFAULT_URL, describe: 'The server' })
      .example('$0 feedback balance --query 17 --reward 1', 'counts once'),
  handler: async ({ app, query, reward, label, url, json }) => {
    if ((reward === undefined) === (label === undefined)) throw usageError('feedback takes one of --reward and --label')
    const client = connect(url)
    try {
      await untilListening(url)
      const verdict = reward === undefined ? { label: label! } : { reward }
      const result = await client.feedback(app, { queryId: query, ...verdict })
      print(json, result, result.accepted ? 'accepted' : `not accepted: ${result.reason}`)
      if (!result.accepted) process.exitCode = 1
    } finally {
      client.close()
    }
  },
}
