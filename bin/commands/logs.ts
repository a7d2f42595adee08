import type { LogLine, LogsOptions } from '../../serve/index.js'
import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { logText } from '../log-text.js'
import { type Command, interruptSignal, readerGone } from '../output.js'

interface LogsArguments extends ConnectionArguments {
  follow: boolean
  level: NonNullable<LogsOptions['level']>
  request: string | undefined
  model: string | undefined
  limit: number
}

export const logsCommand: Command<LogsArguments> = {
  command: 'logs',
  describe: "Show a running server's log, with what its containers print",
  builder: (yargs) =>
    connectionFlags(yargs)
      .option('follow', { alias: 'f', type: 'boolean', default: false, describe: 'Go on with new lines until Ctrl-C' })
      .option('level', {
        choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const,
        default: 'info' as const,
        describe: 'The lowest one; debug, with --follow, has a line a request',
      })
      .option('request', { type: 'string', requiresArg: true, describe: 'Of the request with this x-request-id' })
      .option('model', { type: 'string', requiresArg: true, describe: 'Of MODEL, or MODEL:VERSION: its containers and what they print' })
      .option('limit', { alias: 'n', type: 'number', requiresArg: true, default: 100, describe: 'The most lines from before' })
      .example('$0 logs -f --model cart', "what happens to a model's containers, and what they print, as it happens")
      .example('$0 logs -f --level debug', 'every request, for as long as this runs'),
  handler: async ({ follow, level, request, model, limit, json, ...connection }) => {
    const show = (line: LogLine) => process.stdout.write(`${json ? JSON.stringify(line) : logText(line)}\n`)
    const options = { level, request, model, limit }
    await withClient(connection, async ({ admin }) => {
      if (!follow) {
        for (const line of await admin.logs(options)) show(line)
        return
      }
      const signal = AbortSignal.any([interruptSignal(), readerGone()])
      for await (const line of admin.followLogs(options, signal)) show(line)
      if (signal.aborted) process.exitCode = 0
    })
  },
}
