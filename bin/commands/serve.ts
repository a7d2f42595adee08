import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { serve } from '../../serve/index.js'
import { type Command, interruptSignal, print } from '../output.js'

interface ServeArguments {
  port: number
  policy: string[] | undefined
  isolation: 'process' | 'inline'
  state: string
}

export const serveCommand: Command<ServeArguments> = {
  command: 'serve',
  describe: 'Serve policies over HTTP until Ctrl-C',
  builder: (yargs) =>
    yargs
      .option('port', { type: 'number', requiresArg: true, default: 8080, describe: 'Port on 127.0.0.1; 0 takes a free one' })
      .option('policy', {
        type: 'string',
        array: true,
        requiresArg: true,
        describe: 'NAME=FILE to publish at once (or FILE, named after it)',
      })
      .option('state', {
        type: 'string',
        requiresArg: true,
        default: 'memory',
        describe: 'memory, or file:FOLDER: what was served there is served again',
      })
      .option('isolation', { choices: ['process', 'inline'] as const, default: 'process' as const, describe: 'Where policies run' })
      .example('$0 serve --port 8080 --policy balance=runs/cp/policy.safetensors', 'then: gymnura predict balance --input "[0,0,0,0]"'),
  handler: async ({ port, policy = [], isolation, state, json }) => {
    const signal = interruptSignal()
    const server = await serve({ port, state: state as 'memory' })
    try {
      for (const given of policy) {
        const [name, file] = nameAndFile(given)
        // (What the state has of an earlier start is not published once more: its versions and what they have learned go on.)
        await server.publish(name, file, { isolation, ifChanged: true })
      }
      print(json, { url: server.url, pid: process.pid }, `serving on ${server.url}; stop with Ctrl-C`)
      if (!signal.aborted) await once(signal, 'abort')
    } finally {
      await server.close()
    }
    process.exitCode = 0
  },
}

/** NAME=FILE, or FILE named after itself; a file whose path has an = in it is a file. */
function nameAndFile(given: string): [name: string, file: string] {
  const [, name, file] = /^([\w.-]+)=(.+)$/.exec(given) ?? []
  return name && file && !existsSync(given) ? [name, file] : [basename(given, '.safetensors'), given]
}
