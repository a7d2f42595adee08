#!/usr/bin/env node
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { commandsFor } from './commands/index.js'
import { fail, usageError } from './output.js'

/** Flags and arguments that may be given several times. */
const REPEATABLE = ['_', 'model', 'policy', 'models', 'link', 'env', 'allow', 'cors', 'model-root', 'modelRoot']

/** What yargs says, with what to do about it, in one line. @param help the command that tells more */
function inOurWords(message: string, help: string): string {
  const [, name, given, choices] = /^Invalid values:\s+Argument: ([\w-]+), Given: (.+), Choices: (.+)$/m.exec(message) ?? []
  if (name !== undefined) return `--${name} is ${given}; expected ${choices}`
  const [, flag] = /^Not enough arguments following: ([\w-]+)$/.exec(message) ?? []
  if (flag !== undefined) return `--${flag} is given without a value; see ${help}`
  const [, missing] = /^Missing required arguments?: (.+)$/.exec(message) ?? []
  if (missing !== undefined) return `it needs ${missing.replace(/[\w-]+/g, '--$&')}; see ${help}`
  const [, got, need] = /^Not enough non-option arguments: got (\d+), need at least (\d+)$/.exec(message) ?? []
  if (got !== undefined) return `it takes ${need} word${need === '1' ? '' : 's'} after its name, and got ${got}; see ${help}`
  const [, near] = /^Did you mean (.+)\?$/.exec(message) ?? []
  if (near !== undefined) return `there is no command "${args[0]}"; did you mean ${near}? see gymnura --help`
  return message.replace(/\s*\n\s*/g, ' ')
}

const args = hideBin(process.argv)
const helpOf = ([command = '']: readonly string[]) => `gymnura ${/^[a-z]+$/.test(command) ? `${command} ` : ''}--help`
const parser = yargs(args)
  .scriptName('gymnura')
  .usage('$0 <command>\n\nReinforcement learning from simulation to a live endpoint.')
  .option('json', { type: 'boolean', default: false, describe: 'Print JSON for programs', global: true })
  .command(await commandsFor(args))
  .check((given) => {
    for (const [name, value] of Object.entries(given)) {
      if (Number.isNaN(value)) throw usageError(`--${name} takes a number`)
      if (value === '') throw usageError(`--${name} is empty; give it a value`)
      if (Array.isArray(value) && !REPEATABLE.includes(name)) throw usageError(`--${name} is given more than once`)
    }
    return true
  })
  .demandCommand(1, 'no command given; see gymnura --help')
  .recommendCommands()
  .strict()
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    // yargs gives its own complaints as errors too.
    throw error && error.name !== 'YError' ? error : usageError(inOurWords(message, helpOf(args)))
  })

try {
  await parser.parseAsync()
} catch (error) {
  fail(
    error,
    process.argv.some((word) => /^--json(=true)?$/.test(word)),
  )
}
