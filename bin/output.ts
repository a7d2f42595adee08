/** How every command speaks: text for a person, JSON for a program, one line for an error, an exit code that tells. */
import pc from 'picocolors'
import type { CommandModule } from 'yargs'

/** A command with its own arguments, beside those that all have. */
export type Command<Own> = CommandModule<{ json: boolean }, Own & { json: boolean }>

/** Where `serve` listens unless told otherwise. */
export const DEFAULT_URL = 'http://127.0.0.1:8080'

/** 1: it went wrong; 2: the command line was wrong; 130: stopped by Ctrl-C, as shells report it. */
const EXIT = { failed: 1, usage: 2, interrupted: 130 } as const

class UsageError extends Error {
  readonly code = 'CLI_USAGE'
}

export const usageError = (message: string): Error => new UsageError(message)

/** A reader that went away (a closed pipe) ends the command quietly; a full disk is told on stderr. */
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE') process.stderr.write(`gymnura: cannot write the output: ${message}\n`)
  process.exit(EXIT.failed)
})
process.stderr.on('error', () => {})

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

/**
 * An abort signal that Ctrl-C (or a polite kill) fires. A second one ends the process at once.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController()
  const interrupt = () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
    process.exitCode = EXIT.interrupted
    controller.abort()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return controller.signal
}
