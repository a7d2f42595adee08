/** How every command speaks: text for a person, JSON for a program, one line for an error, an exit code that tells. */
import pc from 'picocolors'
import type { CommandModule } from 'yargs'

/** A command with its own arguments, beside those that all have. */
export type Command<Own> = CommandModule<{ json: boolean }, Own & { json: boolean }>

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

/** Fires once whoever reads the output has gone (`| head`, say): what only shows things has nobody left to show them to. */
export function readerGone(): AbortSignal {
  const controller = new AbortController()
  process.stdout.once('error', () => controller.abort())
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

/** What a flag holds as JSON. @param example of what is expected */
export function parseJson(flag: string, text: string, example: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw usageError(`${flag} is ${text}; expected JSON, such as ${example}`)
  }
}

/** Rows of cells as lines, every column as wide as its widest cell. */
export function columns(table: readonly (readonly string[])[]): string {
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** An error whose message names the options of `serve()`, say, in the words of a command's flags. */
export function inFlags(error: unknown, flags: Readonly<Record<string, string>>): unknown {
  if (!(error instanceof Error)) return error
  const [option] = Object.keys(flags)
    .filter((name) => error.message.startsWith(name))
    .sort((a, b) => b.length - a.length)
  if (option !== undefined) error.message = flags[option] + error.message.slice(option.length)
  return error
}
