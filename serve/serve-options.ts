import { CODE_KINDS, type CodeKind } from './containers/kinds.js'
import { ServeError } from './errors.js'
import { Cors, type CorsOptions } from './http/cors.js'
import type { RequestLimits } from './http/request-limits.js'
import { checkOptions, refuse, shown } from './refusals.js'
import { Gate } from './security/gate.js'
import { RateLimit, type RateLimitOptions } from './security/rate-limit.js'
import { readTls, type TlsMaterial, type TlsOptions } from './security/tls.js'
import { type TokenOptions, Tokens } from './security/tokens.js'

const DEFAULT_CACHE_BYTES = 16 * 1024 ** 2
const MIB = 1024 ** 2
const DEFAULT_LIMITS: RequestLimits = { maxBodyBytes: 2 * MIB, maxBinaryBytes: 64 * MIB, maxBatchInputs: 4096 }
/** A larger one would not fit into a string, or a buffer. */
const LARGEST_BODY_BYTES = 256 * MIB
/** What one turn of the event loop can queue without everybody noticing. */
const MOST_INPUTS = 1_048_576
const LOOPBACK = ['127.0.0.1', 'localhost', '::1']
/** Every address of the machine: what a client on it calls is loopback. */
const ANY_ADDRESS = ['0.0.0.0', '::']
const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export interface ServeOptions {
  /** 0 takes a free one. Default 8080. */
  port?: number
  /** Default 127.0.0.1. Beyond loopback the server listens only with `tokens`. */
  host?: string
  /**
   * Where applications, models and what bandits have learned are kept, and feedback: 'memory' (the default) ends with the process and
   * remembers the 100,000 users that feedback came for last,
   * `file:FOLDER` is on this machine's disk, and a server started there again serves what was there; `redis://[user:password@]HOST[:PORT][/DATABASE]`
   * (or `rediss://`, over TLS) is shared by all servers that name it, and needs the package @redis/client.
   */
  state?: 'memory' | `file:${string}` | `redis://${string}` | `rediss://${string}`
  /** Predictions that are not in this server's cache are looked up in Redis, and put there, for an hour. Default false. */
  sharedCache?: boolean
  /** Size of the prediction cache; 0 keeps nothing. Default 16 MiB. */
  cacheBytes?: number
  /** Structured logs go to standard error. Default 'warn'; 'debug' has a line a request. */
  logLevel?: (typeof LOG_LEVELS)[number]
  /** Takes the log's lines in place of standard error: each one object of JSON, without an end of line. */
  writeLog?: (line: string) => void
  /** Who may call, and what. Default: whoever reaches the server, which then listens on loopback only. */
  tokens?: TokenOptions
  /** Requests a caller may send, by its token or address. Default: as many as it likes. */
  rateLimit?: RateLimitOptions
  /** Pages of other origins that may call from a browser. Default: none. */
  cors?: CorsOptions
  /** HTTPS in place of HTTP. */
  tls?: TlsOptions
  /** Kinds of models that run code which comes with them and may: 'function', 'python', 'image'. Default none. */
  allow?: readonly CodeKind[]
  /**
   * Where containers connect to; default a free port of 127.0.0.1. For containers of other machines (kind 'external') an address that
   * they reach; the connection is not encrypted, so keep it to a network that you trust.
   */
  containers?: { host?: string; port?: number }
  /** Folders in which callers over HTTP may name model files. Default: none. */
  modelRoots?: readonly string[]
  /**
   * The largest JSON body, bytes; a larger one is refused with 413. Default 2 MiB: reading so much takes some tens of milliseconds, in
   * which nobody else is answered.
   */
  maxBodyBytes?: number
  /** The largest body of Open Inference v2 with its binary tensors, bytes, 413 beyond. Default 64 MiB: they are copied, not parsed. */
  maxBinaryBytes?: number
  /**
   * The most inputs of one request, 400 beyond; default 4096. (Open Inference sends a block as one tensor: there the bytes are the limit.)
   */
  maxBatchInputs?: number
}

/** Options, checked, with what they are made of. */
export interface ServeSettings {
  readonly port: number
  readonly host: string
  readonly state: string
  readonly cacheBytes: number
  readonly sharedCache: boolean
  readonly logLevel: (typeof LOG_LEVELS)[number]
  readonly writeLog: ((line: string) => void) | undefined
  readonly tokens: Tokens
  readonly gate: Gate
  readonly cors: Cors
  readonly tls: TlsMaterial | undefined
  readonly allow: readonly CodeKind[]
  readonly containers: { readonly host?: string; readonly port?: number }
  readonly modelRoots: readonly string[]
  readonly limits: RequestLimits
}

const KNOWN = [
  'port',
  'host',
  'state',
  'cacheBytes',
  'sharedCache',
  'logLevel',
  'writeLog',
  'tokens',
  'rateLimit',
  'cors',
  'tls',
  'allow',
  'containers',
  'modelRoots',
  'maxBodyBytes',
  'maxBinaryBytes',
  'maxBatchInputs',
] as const

function checkContainers(given: NonNullable<ServeOptions['containers']>): ServeSettings['containers'] {
  const { host, port } = checkOptions<typeof given>('containers', given, ['host', 'port'])
  if (host !== undefined && typeof host !== 'string') refuse('containers.host', host, 'an address of this machine')
  const isPort = port === undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)
  if (!isPort) refuse('containers.port', port, 'a whole number from 0 to 65535')
  return given
}

function checkLimits(given: ServeOptions): RequestLimits {
  const limit = (name: keyof RequestLimits, most: number): number => {
    const value = given[name] ?? DEFAULT_LIMITS[name]
    const fits = Number.isInteger(value) && value >= 1 && value <= most
    return fits ? value : refuse(name, value, `a whole number from 1 to ${most}`)
  }
  return {
    maxBodyBytes: limit('maxBodyBytes', LARGEST_BODY_BYTES),
    maxBinaryBytes: limit('maxBinaryBytes', LARGEST_BODY_BYTES),
    maxBatchInputs: limit('maxBatchInputs', MOST_INPUTS),
  }
}

/** @throws ServeError `SERVE_OPTION`, `SERVE_HOST_REFUSED` */
export function checkServe(options: ServeOptions): ServeSettings {
  const given = checkOptions<ServeOptions>('serve', options, KNOWN)
  const { port = 8080, host = '127.0.0.1', state = 'memory', cacheBytes = DEFAULT_CACHE_BYTES, logLevel = 'warn' } = given
  if (!Number.isInteger(port) || port < 0 || port > 65_535) refuse('port', port, 'a whole number from 0 to 65535')
  if (!Number.isSafeInteger(cacheBytes) || cacheBytes < 0) refuse('cacheBytes', cacheBytes, 'a whole number of bytes, at least 0')
  if (!LOG_LEVELS.includes(logLevel)) refuse('logLevel', logLevel, LOG_LEVELS.join(', '))
  const { writeLog } = given
  if (writeLog !== undefined && typeof writeLog !== 'function') refuse('writeLog', writeLog, 'a function of a line')
  const { allow = [], containers = {}, modelRoots = [], sharedCache = false } = given
  if (typeof sharedCache !== 'boolean') refuse('sharedCache', sharedCache, 'true or false')
  if (sharedCache && !/^rediss?:/.test(state)) refuse('sharedCache', sharedCache, 'false, where state is not in Redis')
  const areKinds = Array.isArray(allow) && allow.every((kind) => CODE_KINDS.includes(kind))
  if (!areKinds) refuse('allow', allow, `a list of ${CODE_KINDS.join(', ')}`)
  const tokens = new Tokens(given.tokens)
  const rateLimit = given.rateLimit && new RateLimit(given.rateLimit)
  const tls = given.tls && readTls(given.tls)
  const doors = { tokens, gate: new Gate(tokens, rateLimit), cors: new Cors(given.cors), tls, containers: checkContainers(containers) }
  return { port, host, state, cacheBytes, sharedCache, logLevel, writeLog, ...doors, allow, modelRoots, limits: checkLimits(given) }
}

/** @throws ServeError `SERVE_HOST_REFUSED` for an address beyond loopback while callers need no token */
export function checkHost({ host, gate }: ServeSettings): void {
  if (LOOPBACK.includes(host) || gate.locked) return
  throw new ServeError(
    'SERVE_HOST_REFUSED',
    `host is ${shown(host)}; without tokens the server listens on loopback only: ${LOOPBACK.join(', ')}`,
  )
}

/** Where a client on this machine finds the server. */
export function urlOf({ host, tls }: ServeSettings, port: number): string {
  const reached = ANY_ADDRESS.includes(host) ? '127.0.0.1' : host
  return `${tls === undefined ? 'http' : 'https'}://${reached.includes(':') ? `[${reached}]` : reached}:${port}`
}
