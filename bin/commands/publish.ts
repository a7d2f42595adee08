import { basename } from 'node:path'
import { loadPolicy } from '../../rl/index.js'
import { connect } from '../../serve/index.js'
import { type Command, DEFAULT_URL, print, untilListening } from '../output.js'

interface PublishArguments {
  policy: string
  name: string | undefined
  url: string
  version: string | undefined
  replicas: number
  isolation: 'process' | 'inline'
}

export const publishCommand: Command<PublishArguments> = {
  command: 'publish <policy>',
  describe: 'Put a policy live on a running server',
  builder: (yargs) =>
    yargs
      .version(false)
      .positional('policy', { type: 'string', demandOption: true, describe: 'A policy file' })
      .option('name', { type: 'string', requiresArg: true, describe: "The model's name (default: the file's)" })
      .option('url', { type: 'string', requiresArg: true, default: DEFAULT_URL, describe: 'The server' })
      .option('version', { type: 'string', requiresArg: true, describe: 'Default: one more than the last' })
      .option('replicas', { type: 'number', requiresArg: true, default: 1, describe: 'Containers side by side' })
      .option('isolation', { choices: ['process', 'inline'] as const, default: 'process' as const, describe: 'Where it runs' })
      .example('$0 publish runs/cp/policy.safetensors --name balance', 'version 1 of balance; again: version 2'),
  handler: async ({ policy, name = basename(policy, '.safetensors'), url, version, replicas, isolation, json }) => {
    // Read here, so that a bad file is refused before anything is sent.
    const bytes = (await loadPolicy(policy)).toBytes()
    const client = connect(url)
    try {
      await untilListening(url)
      const published = await client.publish(name, bytes, { version, replicas, isolation })
      const text = `${published.name} version ${published.version} is live: POST ${client.url}/${published.name}/predict`
      print(json, { ...published, url: client.url }, text)
    } finally {
      client.close()
    }
  },
}
