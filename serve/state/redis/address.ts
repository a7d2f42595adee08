import { refuse } from '../../refusals.js'

/** Where a Redis is, and as whom to speak to it. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly database: number
  readonly username: string | undefined
  readonly password: string | undefined
}

const DEFAULT_PORT = 6379
const FORM = '"redis://[user:password@]host[:port][/database]", or rediss:// for TLS'

/** An address without what must not be read by others. */
export const withoutCredentials = (url: string): string => url.replace(/^([a-z]*:\/{0,2})?.*@/is, '$1…@')

const textOf = (part: string) => (part === '' ? undefined : decodeURIComponent(part))

/** @throws ServeError `SERVE_OPTION`, which never shows the credentials */
export function readAddress(url: string): RedisAddress {
  const given = withoutCredentials(url)
  const parsed = URL.canParse(url) ? new URL(url) : refuse('state', given, FORM)
  const { protocol, hostname, port, pathname, search, hash } = parsed
  const database = pathname === '' || pathname === '/' ? '0' : pathname.slice(1)
  const isPlain = hostname !== '' && search === '' && hash === '' && /^\d{1,4}$/.test(database)
  if (!isPlain) refuse('state', given, FORM)
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? DEFAULT_PORT : Number(port),
    tls: protocol === 'rediss:',
    database: Number(database),
    username: textOf(parsed.username),
    password: textOf(parsed.password),
  }
}

export const hostAndPort = ({ host, port }: RedisAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
