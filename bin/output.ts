/** How every command speaks: text for a person, JSON for a program, one line for an error, an exit code that tells. */
import pc from 'picocolors'
import type { CommandModule } from 'yargs'

/** A command with its own arguments, beside those that all have. */
export type Command<Own> = CommandModule<{ json: boolean }, Own & { json: boolean }>

/** Where `serve` listens unless told otherwise. */
export const DEFAULT_URL = 'http://127.0.0.1:8080'

/** 1: it went wrong; 2: the command line was wrong. */
const EXIT = { failed: 1, usage: 2 } as const

class UsageError extends Error {
  readonly code = 'CLI_USAGE'
}

export const usageError = (message: string): Error => new UsageError(message)

/** Output that cannot be written must not end a training: a reader that went away is ignored, a full disk shows in the exit code. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exitCode = EXIT.failed
  })
}

/** Prints a result: `text` for a person, or `value` as one line of JSON. */
export function print(json: boolean, value: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text}\n`)
}

/** Ends the command with one line on stderr. An error without a code is a bug: its stack is shown too. */
export function fail(error: unknown, json: boolean): void {
  const { message, code, stack } = error instanceof Error ? (error as Error & { code?: unknown }) : { message: String(error) }
  const known = typeof code === 'string'
  if (json) process.stdout.write(`${JSON.stringify({ error: { code: known ? code : 'INTERNAL', message } })}\n`)
  else process.stderr.write(`${pc.red('gymnura:')} ${message}\n${known ? '' : `${stack}\n`}`)
  process.exitCode = error instanceof UsageError ? EXIT.usage : EXIT.failed
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

/** An abort signal that Ctrl-C, a polite kill or a closed terminal fires. A second one ends the process at once. */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  for (const [name, number] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      // As shells report a command that a signal ended.
      const code = 128 + number
      if (controller.signal.aborted) process.exit(code)
      process.exitCode = code
      controller.abort()
    })
  }
  return controller.signal
}

/** A seed as typed: a whole number of any size. */
export function parseSeed(text: string | undefined): number | bigint | undefined {
  if (text === undefined) return undefined
  if (!/^\d+$/.test(text)) throw usageError(`--seed is ${text}; expected a whole number of at least 0`)
  const seed = BigInt(text)
  return seed > Number.MAX_SAFE_INTEGER ? seed : Number(seed)
}

/** A word of a command line that can be pasted into a shell. */
export const quoted = (word: string): string => (/^[\w./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)

const PATIENCE_MS = 3_000

/** Gives a server that was started just before this command a few seconds to listen; what is wrong after that the client tells. */
export async function untilListening(url: string): Promise<void> {
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
