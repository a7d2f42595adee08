/** The little that is used of the package `@redis/client`, which is loaded when a state is in Redis. */
import { isIP } from 'node:net'
import { requireRuntime } from '../../containers/runtime.js'
import type { RedisAddress } from './address.js'

const PACKAGE = '@redis/client'
const CONNECT_LIMIT_MS = 2_000
/** RESP's type of binary strings, which its client gives as text unless told otherwise. */
const BLOB_STRING = 36

export type Argument = string | Buffer
/** What Redis answers: text (or bytes, where they were asked for), numbers, lists of these. */
export type Reply = null | string | number | Buffer | readonly Reply[]

export interface RedisClient {
  readonly isReady: boolean
  connect(): Promise<unknown>
  sendCommand(args: readonly Argument[], options?: object): Promise<unknown>
  subscribe(channels: string | readonly string[], listener: (message: string, channel: string) => void): Promise<void>
  on(event: 'error' | 'terminated' | 'end', listener: (error?: Error) => void): void
  destroy(): void
}

interface RedisPackage {
  createClient(options: object): RedisClient
  readonly ErrorReply: new () => Error
  readonly ClientOfflineError: new () => Error
  readonly ClientClosedError: new () => Error
}

/** Options of a command whose answer is bytes. */
export const AS_BYTES = { typeMapping: { [BLOB_STRING]: Buffer } }

export interface Redis {
  /** A client that is not connected, and does not connect again by itself. */
  make(address: RedisAddress): RedisClient
  /** Whether Redis has answered, but with an error. */
  isReply(error: unknown): boolean
  /** Whether a command has not left this process. */
  isUnsent(error: unknown): boolean
}

/** @throws ServeError `RUNTIME_MISSING`, with the line that installs it */
export async function loadRedis(): Promise<Redis> {
  const [, module] = await requireRuntime('state in Redis', [PACKAGE])
  const { createClient, ErrorReply, ClientOfflineError, ClientClosedError } = module as RedisPackage
  return {
    make: ({ host, port, tls, database, username, password }) =>
      createClient({
        RESP: 2,
        username,
        password,
        database,
        disableClientInfo: true,
        disableOfflineQueue: true,
        maintNotifications: 'disabled',
        // (An address is no server name; its certificate is checked all the same.)
        socket: {
          host,
          port,
          ...(tls && { tls, ...(isIP(host) === 0 && { servername: host }) }),
          connectTimeout: CONNECT_LIMIT_MS,
          reconnectStrategy: false,
        },
      }),
    isReply: (error) => error instanceof ErrorReply,
    isUnsent: (error) => error instanceof ClientOfflineError || error instanceof ClientClosedError,
  }
}
