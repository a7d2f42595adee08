/** How a model is run, on the command line. */
import type { Argv } from 'yargs'
import type { PublishOptions } from '../serve/index.js'
import { parseJson, usageError } from './output.js'

export interface ModelArguments {
  replicas: number
  isolation: 'process' | 'thread' | 'inline'
  batching: string | undefined
  memoryMb: number | undefined
  niceness: number | undefined
  batchMs: number | undefined
  startMs: number | undefined
  env: string[] | undefined
  inputType: 'floats' | 'doubles' | 'integers' | 'bytes' | 'strings' | undefined
  inputSize: number | undefined
  outputs: string | undefined
  maxInFlight: number | undefined
  python: string | undefined
  engine: string | undefined
}

const RUN = ['replicas', 'isolation', 'batching', 'memory-mb', 'niceness', 'batch-ms', 'start-ms', 'env']
const SAYS = ['input-type', 'input-size', 'outputs', 'max-in-flight', 'python', 'engine']

/** The options of `publish` by the flags that give them. */
export const MODEL_FLAGS = {
  batching: '--batching',
  'limits.memoryMB': '--memory-mb',
  'limits.niceness': '--niceness',
  'limits.env': '--env',
  'limits.batchMs': '--batch-ms',
  'limits.startMs': '--start-ms',
  replicas: '--replicas',
  isolation: '--isolation',
  inputType: '--input-type',
  inputSize: '--input-size',
  outputs: '--outputs',
  maxInFlight: '--max-in-flight',
  python: '--python',
  engine: '--engine',
} as const

export const modelFlags = <T>(yargs: Argv<T>): Argv<T & ModelArguments> =>
  yargs
    .option('replicas', { type: 'number', requiresArg: true, default: 1, describe: 'Containers side by side' })
    .option('isolation', { choices: ['process', 'thread', 'inline'] as const, default: 'process' as const, describe: 'Where each runs' })
    .option('batching', {
      type: 'string',
      requiresArg: true,
      describe: 'aimd (default), quantile, none, or JSON: {"policy":"fixed","size":8}',
    })
    .option('memory-mb', { type: 'number', requiresArg: true, describe: 'A container that uses more MiB is started again' })
    .option('niceness', { type: 'number', requiresArg: true, describe: 'Of its process; 10 lets everything else go first' })
    .option('batch-ms', { type: 'number', requiresArg: true, describe: 'A batch that takes longer hangs: the container is started again' })
    .option('start-ms', { type: 'number', requiresArg: true, describe: 'How long it may take to become warm' })
    .option('env', { type: 'string', array: true, requiresArg: true, describe: 'NAME=VALUE for its process' })
    .group(RUN, 'How it runs:')
    .option('input-type', {
      choices: ['floats', 'doubles', 'integers', 'bytes', 'strings'] as const,
      describe: 'What a function or Python model takes (floats)',
    })
    .option('input-size', { type: 'number', requiresArg: true, describe: 'Elements of one input' })
    .option('outputs', { type: 'string', requiresArg: true, describe: 'JSON: [{"name":"y","type":"floats","shape":[2]}]' })
    .option('max-in-flight', { type: 'number', requiresArg: true, describe: 'Batches it takes before it has answered the first' })
    .option('python', { type: 'string', requiresArg: true, describe: 'The interpreter of a Python model (python3)' })
    .option('engine', { type: 'string', requiresArg: true, describe: 'What runs an image (podman)' })
    .group(SAYS, 'Where the model does not say so itself:') as unknown as Argv<T & ModelArguments>

/** What was given, as `publish` takes it. */
export function modelOptions(given: ModelArguments): PublishOptions {
  const { replicas, isolation, batching, memoryMb: memoryMB, niceness, batchMs, startMs, env, outputs } = given
  const { inputType, inputSize, maxInFlight, python, engine } = given
  const limits = defined({ memoryMB, niceness, batchMs, startMs, env: env && Object.fromEntries(env.map(variable)) })
  return defined({
    replicas,
    isolation,
    batching: batching?.trimStart().startsWith('{') ? parseJson('--batching', batching, '{"policy":"fixed","size":8}') : batching,
    limits: Object.keys(limits).length > 0 ? limits : undefined,
    inputType,
    inputSize,
    outputs: outputs === undefined ? undefined : parseJson('--outputs', outputs, '[{"name":"y","type":"floats","shape":[2]}]'),
    maxInFlight,
    python,
    engine,
  }) as PublishOptions
}

const defined = (options: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

function variable(text: string): [name: string, value: string] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) throw usageError(`--env is ${text}; expected NAME=VALUE`)
  return [name, value]
}
