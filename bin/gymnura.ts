#!/usr/bin/env node
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { commandsFor } from './commands/index.js'
import { fail, usageError } from './output.js'

/** Flags and arguments that may be given several times. */
const REPEATABLE = ['_', 'model', 'policy', 'models', 'link', 'env', 'allow', 'cors', 'model-root', 'modelRoot']

/** A value that is none of the choices, which yargs tells in three lines. */
function inOneLine(message: string): string {
  const [, name, given, choices] = /^Invalid values:\s+Argument: ([\w-]+), Given: (.+), Choices: (.+)$/m.exec(message) ?? []
  return name === undefined ? message.replace(/\s*\n\s*/g, ' ') : `--${name} is ${given}; expected ${choices}`
}

const args = hideBin(process.argv)
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
    throw error && error.name !== 'YError' ? error : usageError(inOneLine(message))
  })

try {
  await parser.parseAsync()
} catch (error) {
  fail(
    error,
    process.argv.some((word) => /^--json(=true)?$/.test(word)),
  )
}
