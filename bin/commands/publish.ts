import { basename } from 'node:path'
import type { Argv } from 'yargs'
import { type PublishOptions, readModel } from '../../serve/index.js'
import { APPLICATION_FLAGS, type ApplicationArguments, applicationFlags, applicationOptions } from '../application-flags.js'
import { type ConnectionArguments, connectionFlags, withClient } from '../connection.js'
import { MODEL_FLAGS, type ModelArguments, modelFlags, modelOptions } from '../model-flags.js'
import { type Command, inFlags, print, usageError } from '../output.js'

const KINDS = ['policy', 'function', 'python', 'onnx', 'tfjs', 'remote', 'image', 'external'] as const
type Kind = (typeof KINDS)[number]

interface PublishArguments extends ConnectionArguments, ModelArguments, ApplicationArguments {
  model: string | undefined
  name: string | undefined
  kind: Kind | undefined
  version: string | undefined
  app: boolean
  ifChanged: boolean
}

const TOKEN = 'GYMNURA_CONTAINER_TOKEN'
const FLAGS = {
  ...MODEL_FLAGS,
  ...Object.fromEntries(Object.entries(APPLICATION_FLAGS).map(([option, flag]) => [`application.${option}`, flag])),
  token: TOKEN,
}
/** Its container may be started on another machine, and later. */
const PATIENCE_MS = 3_600_000

export const publishCommand: Command<PublishArguments> = {
  command: 'publish [model]',
  describe: 'Put a model live on a running server: a policy, or one of another kind',
  builder: (yargs) =>
    applicationFlags(modelFlags(connectionFlags(yargs.version(false))), 'The application that is made where none has its name:')
      .positional('model', {
        type: 'string',
        describe: 'A file (policy, .onnx, model.json of TensorFlow.js, .js, .py), an Open Inference address, or an image',
      })
      .option('name', { type: 'string', requiresArg: true, describe: "The model's name (default: the file's)" })
      .option('kind', { choices: KINDS, describe: 'What it is (default: as its name says, else a policy)' })
      .option('version', { type: 'string', requiresArg: true, describe: 'Default: one more than the last' })
      .option('app', { type: 'boolean', default: true, describe: 'Make an application of its name where there is none' })
      .option('if-changed', { type: 'boolean', default: false, describe: 'Nothing happens where the last version is just the same' })
      .example('$0 publish runs/cp/policy.safetensors --name balance', 'version 1 of balance; again: version 2')
      .example('$0 publish model.py --name m', 'where the server was started with --allow python')
      .example('$0 publish http://other:8080/v2/models/m', "another server's model, behind this one's batching and deadlines")
      .example(
        `${TOKEN}=… $0 publish --kind external --name m`,
        'waits for a container that you start, with the same token',
      ) as unknown as Argv<PublishArguments & { json: boolean }>,
  handler: async ({ model: source, name: named, kind: said, version, app, ifChanged, json, ...given }) => {
    const { kind, model } = await read(source, said)
    const name = named ?? nameOf(source)
    const options: PublishOptions = {
      ...modelOptions(given),
      kind,
      version,
      ifChanged,
      application: app && (applicationOptions(given) ?? true),
    }
    if (kind === 'external') options.token = process.env[TOKEN]
    await withClient(
      given,
      async (client) => {
        if (kind === 'external' && !json)
          process.stderr.write(`waiting for a container at ${await client.admin.containerAddress()} that shows ${TOKEN}\n`)
        const published = await client.publish(name, model, options).catch((error: Error) => {
          throw inFlags(error, Object.fromEntries(Object.entries(FLAGS).map(([option, flag]) => [`publish ${name}: ${option}`, flag])))
        })
        const live = `${published.name} version ${published.version} is live`
        print(json, { ...published, url: client.url }, app ? `${live}: POST ${client.url}/${published.name}/predict` : live)
      },
      kind === 'external' ? PATIENCE_MS : undefined,
    )
  },
}

/** Read here, so that a bad file is refused before anything is sent. */
async function read(source: string | undefined, said: Kind | undefined): ReturnType<typeof readModel> {
  if (source === undefined) {
    if (said === 'external') return { model: new Uint8Array(0), kind: said }
    throw usageError('publish takes a model: a file, or an address; only --kind external has none')
  }
  const { model, kind } = await readModel(source, said)
  if (kind !== 'policy') return { model, kind }
  const { loadPolicy } = await import('../../rl/index.js')
  return { model: (await loadPolicy(source)).toBytes(), kind }
}

/** A name for what was given none. */
function nameOf(source: string | undefined): string {
  if (source === undefined) throw usageError('publish takes --name, as in: gymnura publish --kind external --name m')
  const word = basename(source.replace(/\/infer$/, '')).replace(/\.(safetensors|onnx|json|m?js|ts|py)$/, '')
  return word.replace(/[^\w.-]+.*$/, '')
}
