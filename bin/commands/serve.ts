import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { type LogLine, type ServeOptions, serve } from '../../serve/index.js'
import { APPLICATION_FLAGS, type ApplicationArguments, applicationFlags, applicationOptions } from '../application-flags.js'
import { leanHeap } from '../lean-heap.js'
import { logText } from '../log-text.js'
import { type Command, inFlags, interruptSignal, print, usageError } from '../output.js'
import { SERVE_FLAGS, type ServeFlags, serveFlags, serveOptions, TOKENS_HINT } from '../serve-flags.js'

interface ServeArguments extends ServeFlags, ApplicationArguments {
  model: string[] | undefined
  isolation: 'process' | 'thread' | 'inline'
  replicas: number
}

const FLAGS = {
  ...SERVE_FLAGS,
  ...Object.fromEntries(Object.entries(APPLICATION_FLAGS).map(([option, flag]) => [option, flag])),
  replicas: '--replicas',
}

export const serveCommand: Command<ServeArguments> = {
  command: 'serve',
  describe: 'Serve models over HTTP until Ctrl-C',
  builder: (yargs) =>
    applicationFlags(serveFlags(yargs), 'The application of each --model:')
      .option('model', {
        alias: 'policy',
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'NAME=FILE to publish at once (or FILE, named after it); a policy, or any other kind',
      })
      .option('isolation', {
        choices: ['process', 'thread', 'inline'] as const,
        default: 'process' as const,
        describe: 'Where each --model runs',
      })
      .option('replicas', { type: 'number', requiresArg: true, default: 1, describe: 'Containers of each --model' })
      .group(['model', 'isolation', 'replicas'], 'Models:')
      .example('$0 serve --model balance=runs/cp/policy.safetensors', 'then: gymnura predict balance --input "[0,0,0,0]"')
      .example('$0 serve --state file:./state --tokens-file tokens.json --host 0.0.0.0', 'for other machines, and for good'),
  handler: async ({ model: models = [], isolation, replicas, json, ...given }) => {
    const application = applicationOptions(given)
    if (application !== undefined && models.length === 0) throw usageError('options of an application go with --model')
    const wanted = models.map(nameAndFile)
    const twice = wanted.find(([name], i) => wanted.findIndex(([other]) => other === name) !== i)
    if (twice) throw usageError(`--model names "${twice[0]}" twice; publish its versions one after another with: gymnura publish`)
    const options: ServeOptions = { ...serveOptions(given), writeLog: process.stderr.isTTY && !json ? forPeople : undefined }
    const signal = interruptSignal()
    leanHeap()
    try {
      const server = await serve(options)
      // Whoever leaves does not wait for a model that is not warm yet.
      if (signal.aborted) await server.close()
      signal.addEventListener('abort', () => void server.close(), { once: true })
      try {
        for (const [name, file] of wanted) {
          // (What the state has of an earlier start is not published once more: its versions and what they have learned go on.)
          await server.publish(name, file, { isolation, replicas, application: application ?? true, ifChanged: true })
        }
        const containers = given.containerPort === undefined ? undefined : await server.containerAddress()
        const told = containers === undefined ? '' : `, containers connect to ${containers}`
        print(json, { url: server.url, pid: process.pid, containers }, `serving on ${server.url}${told}; stop with Ctrl-C`)
        if (!signal.aborted) await once(signal, 'abort')
      } finally {
        await server.close()
      }
    } catch (error) {
      if (signal.aborted && (error as { code?: unknown }).code === 'SERVE_CLOSED') return
      if ((error as { code?: unknown }).code === 'SERVE_HOST_REFUSED') (error as Error).message += TOKENS_HINT
      throw inFlags(error, FLAGS)
    }
    process.exitCode = 0
  },
}

/** The log in a terminal; what reads it from a file or a pipe gets JSON. */
const forPeople = (line: string) => process.stderr.write(`${logText(JSON.parse(line) as LogLine)}\n`)

/** NAME=FILE, or FILE named after itself; a file whose path has an = in it is a file. */
function nameAndFile(given: string): [name: string, file: string] {
  const [, name, file] = /^([\w.-]+)=(.+)$/.exec(given) ?? []
  return name && file && !existsSync(given) ? [name, file] : [basename(given).replace(/\.\w+$/, ''), given]
}
