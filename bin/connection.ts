/** How every command that talks to a running server finds it, and shows who it is. */
import { readFileSync } from 'node:fs'
import type { Argv } from 'yargs'
import { type Client, connect } from '../serve/index.js'
import { usageError } from './output.js'

/** Where `serve` listens unless told otherwise. */
const DEFAULT_URL = 'http://127.0.0.1:8080'

export interface ConnectionArguments {
  url: string
  token: string | undefined
  ca: string | undefined
}

const { GYMNURA_URL, GYMNURA_TOKEN, GYMNURA_CA } = process.env

/** The flags that name the server; each may come from the environment instead, where no other user of the machine can read it. */
export const connectionFlags = <T>(yargs: Argv<T>): Argv<T & ConnectionArguments> =>
  yargs
    .option('url', {
      type: 'string',
      requiresArg: true,
      default: GYMNURA_URL || DEFAULT_URL,
      defaultDescription: `GYMNURA_URL, or ${DEFAULT_URL}`,
      describe: 'The server',
    })
    .option('token', {
      type: 'string',
      requiresArg: true,
      default: GYMNURA_TOKEN || undefined,
      defaultDescription: 'GYMNURA_TOKEN',
      describe: 'Of a server that has tokens',
    })
    .option('ca', {
      type: 'string',
      requiresArg: true,
      default: GYMNURA_CA || undefined,
      defaultDescription: 'GYMNURA_CA',
      describe: 'PEM file of certificates to trust, for HTTPS with one of your own making',
    })
    .group(['url', 'token', 'ca'], 'Server:') as Argv<T & ConnectionArguments>

function readCertificates(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.includes('-----BEGIN')) return text
  } catch (error) {
    throw usageError(`--ca: ${(error as Error).message}`)
  }
  throw usageError(`--ca: ${file} holds no certificates; expected a PEM file`)
}

const PATIENCE_MS = 3_000

/** Gives a server that was started just before this command a few seconds to listen; what is wrong after that the client tells. */
async function untilListening(url: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (performance.now() < end) {
    const refused = await fetch(new URL('/v2/health/live', url), { signal: AbortSignal.timeout(PATIENCE_MS) }).then(
      () => false,
      (error: Error) => (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED',
    )
    if (!refused) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** A client of the server that the flags name, for the length of `use`. @param timeoutMs of a call that takes its time */
export async function withClient<T>(
  { url, token, ca }: ConnectionArguments,
  use: (client: Client) => Promise<T>,
  timeoutMs?: number,
): Promise<T> {
  const client = connect(url, { token, ca: ca === undefined ? undefined : readCertificates(ca), timeoutMs })
  try {
    await untilListening(url)
    return await use(client)
  } finally {
    client.close()
  }
}
