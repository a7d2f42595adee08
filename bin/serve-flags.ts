/** The options of `serve()` as flags. */
import { readFileSync } from 'node:fs'
import type { Argv } from 'yargs'
import type { ServeOptions, TokenOptions } from '../serve/index.js'
import { usageError } from './output.js'

export interface ServeFlags {
  port: number
  host: string
  state: string
  cacheBytes: number | undefined
  sharedCache: boolean
  logLevel: NonNullable<ServeOptions['logLevel']>
  maxBodyBytes: number | undefined
  maxBinaryBytes: number | undefined
  maxBatchInputs: number | undefined
  tokensFile: string | undefined
  rateLimit: number | undefined
  rateBurst: number | undefined
  cors: string[] | undefined
  tlsCert: string | undefined
  tlsKey: string | undefined
  tlsClientCa: string | undefined
  allow: ('function' | 'python' | 'image')[] | undefined
  modelRoot: string[] | undefined
  containerHost: string | undefined
  containerPort: number | undefined
}

const ADMIN = 'GYMNURA_ADMIN_TOKEN'
const APPLICATION = 'GYMNURA_APPLICATION_TOKEN'
const PASSPHRASE = 'GYMNURA_TLS_PASSPHRASE'
/** An address with a password is not for the command line, which every user of the machine can read. */
const STATE = 'GYMNURA_STATE'

/** What helps who is refused an address beyond loopback. */
export const TOKENS_HINT = `; give --tokens-file, ${ADMIN} in the environment, or issue tokens first: gymnura tokens issue`

/** The options by the flags that give them, where the names differ by more than their case. */
export const SERVE_FLAGS = {
  port: '--port',
  host: '--host',
  state: '--state',
  cacheBytes: '--cache-bytes',
  sharedCache: '--shared-cache',
  maxBodyBytes: '--max-body-bytes',
  maxBinaryBytes: '--max-binary-bytes',
  maxBatchInputs: '--max-batch-inputs',
  'rateLimit.perSecond': '--rate-limit',
  'rateLimit.burst': '--rate-burst',
  'an origin of cors': '--cors',
  'cors.origins': '--cors',
  'tls.cert': '--tls-cert',
  'tls.key': '--tls-key',
  'tls.clientCa': '--tls-client-ca',
  'a folder of modelRoots': '--model-root',
  'tokens.admin': `the admin's token (--tokens-file, or ${ADMIN})`,
  'tokens.applications': `an application's token (--tokens-file, or ${APPLICATION}):`,
  'containers.host': '--container-host',
  'containers.port': '--container-port',
} as const

export const serveFlags = <T>(yargs: Argv<T>): Argv<T & ServeFlags> =>
  yargs
    .option('port', { type: 'number', requiresArg: true, default: 8080, describe: '0 takes a free one' })
    .option('host', {
      type: 'string',
      requiresArg: true,
      default: '127.0.0.1',
      describe: 'Address to listen on; beyond loopback only with tokens',
    })
    .option('state', {
      type: 'string',
      requiresArg: true,
      default: process.env[STATE] || 'memory',
      defaultDescription: `${STATE}, or memory`,
      describe: `memory; file:FOLDER: what was served there is served again; or redis://HOST:PORT, which several servers share (with a password in ${STATE}: a command line can be read by others)`,
    })
    .option('cache-bytes', { type: 'number', requiresArg: true, describe: 'Size of the prediction cache; 0 keeps nothing (16 MiB)' })
    .option('shared-cache', { type: 'boolean', default: false, describe: 'Predictions are shared too, with a state in Redis' })
    .option('log-level', {
      choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const,
      default: 'warn' as const,
      describe: 'What is written to standard error: text in a terminal, else lines of JSON; debug has one a request',
    })
    .option('max-body-bytes', { type: 'number', requiresArg: true, describe: 'Largest JSON body; 413 beyond (2 MiB)' })
    .option('max-binary-bytes', { type: 'number', requiresArg: true, describe: 'Largest body with binary tensors; 413 beyond (64 MiB)' })
    .option('max-batch-inputs', { type: 'number', requiresArg: true, describe: 'Most inputs of one request; 400 beyond (4096)' })
    .group(
      ['port', 'host', 'state', 'cache-bytes', 'shared-cache', 'log-level', 'max-body-bytes', 'max-binary-bytes', 'max-batch-inputs'],
      'Server:',
    )
    .option('tokens-file', {
      type: 'string',
      requiresArg: true,
      describe: `JSON: {"admin": TOKEN, "applications": {APP: TOKEN, "*": TOKEN}}; or in the environment: ${ADMIN}, ${APPLICATION}`,
    })
    .option('rate-limit', { type: 'number', requiresArg: true, describe: 'Requests a second of each caller; 429 beyond' })
    .option('rate-burst', { type: 'number', requiresArg: true, describe: 'How many at once after a pause' })
    .option('cors', {
      type: 'string',
      array: true,
      requiresArg: true,
      describe: 'Origin whose pages may call, such as https://app.example, or *',
    })
    .option('tls-cert', { type: 'string', requiresArg: true, describe: 'PEM file: HTTPS in place of HTTP' })
    .option('tls-key', {
      type: 'string',
      requiresArg: true,
      describe: `PEM file; the passphrase of one that has it comes from ${PASSPHRASE}`,
    })
    .option('tls-client-ca', { type: 'string', requiresArg: true, describe: 'PEM file: callers must show a certificate that it signed' })
    .group(['tokens-file', 'rate-limit', 'rate-burst', 'cors', 'tls-cert', 'tls-key', 'tls-client-ca'], 'Who may call:')
    .option('allow', {
      choices: ['function', 'python', 'image'] as const,
      array: true,
      requiresArg: true,
      describe: 'Kinds of models that may run code which comes with them',
    })
    .option('model-root', { type: 'string', array: true, requiresArg: true, describe: 'Folder in which callers may name model files' })
    .option('container-host', { type: 'string', requiresArg: true, describe: 'Where containers of other machines connect to (127.0.0.1)' })
    .option('container-port', { type: 'number', requiresArg: true, describe: 'And at which port (a free one)' })
    .group(['allow', 'model-root', 'container-host', 'container-port'], 'Models:') as unknown as Argv<T & ServeFlags>

/** What was given, as `serve()` takes it. */
export function serveOptions(given: ServeFlags): ServeOptions {
  const { port, host, state, cacheBytes, sharedCache, logLevel, maxBodyBytes, maxBinaryBytes, maxBatchInputs } = given
  const { rateLimit, rateBurst, cors, tlsCert, tlsKey, tlsClientCa, allow, modelRoot, containerHost, containerPort } = given
  if (rateBurst !== undefined && rateLimit === undefined) throw usageError('--rate-burst goes with --rate-limit')
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw usageError('--tls-cert and --tls-key go together')
  if (tlsClientCa !== undefined && tlsCert === undefined) throw usageError('--tls-client-ca goes with --tls-cert and --tls-key')
  const tokens = readTokens(given.tokensFile)
  const passphrase = process.env[PASSPHRASE] || undefined
  // What is secret is not for the processes of models, which get what is left of this one's environment.
  for (const secret of [ADMIN, APPLICATION, PASSPHRASE, STATE]) delete process.env[secret]
  return {
    port,
    host,
    state: state as 'memory',
    cacheBytes,
    sharedCache,
    logLevel,
    maxBodyBytes,
    maxBinaryBytes,
    maxBatchInputs,
    tokens,
    rateLimit: rateLimit === undefined ? undefined : { perSecond: rateLimit, ...(rateBurst !== undefined && { burst: rateBurst }) },
    cors: cors === undefined ? undefined : { origins: cors.includes('*') ? '*' : cors },
    tls: tlsCert === undefined ? undefined : { cert: tlsCert, key: tlsKey!, clientCa: tlsClientCa, passphrase },
    allow,
    modelRoots: modelRoot,
    containers: {
      ...(containerHost !== undefined && { host: containerHost }),
      ...(containerPort !== undefined && { port: containerPort }),
    },
  }
}

/** Tokens are not for the command line, which every user of the machine can read: a file has them, or the environment. */
function readTokens(file: string | undefined): TokenOptions | undefined {
  const { [ADMIN]: admin, [APPLICATION]: application } = process.env
  if (file === undefined) {
    if (!admin && !application) return undefined
    return { ...(admin && { admin }), ...(application && { applications: { '*': application } }) }
  }
  if (admin || application) throw usageError(`--tokens-file is given, and so is ${admin ? ADMIN : APPLICATION}; expected one of them`)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw usageError(`--tokens-file: ${(error as Error).message}`)
  }
  try {
    const tokens: unknown = JSON.parse(text)
    if (typeof tokens === 'object' && tokens !== null && Object.keys(tokens).length > 0) return tokens as TokenOptions
  } catch {
    // Said below, without what it holds.
  }
  throw usageError(`--tokens-file: ${file} is not JSON of the form {"admin": TOKEN, "applications": {APP: TOKEN}}`)
}
