#!/usr/bin/env node
import yargs from 'yargs'
import { hideBin } from 'yargs/helpers'
import { commands } from './commands/index.js'
import { fail, usageError } from './output.js'

const parser = yargs(hideBin(process.argv))
  .scriptName('gymnura')
  .usage('$0 <command>\n\nReinforcement learning from simulation to a live endpoint.')
  .option('json', { type: 'boolean', default: false, describe: 'Print JSON for programs', global: true })
  .command(commands)
  .check((given) => {
    for (const [name, value] of Object.entries(given)) {
      if (Number.isNaN(value)) throw usageError(`--${name} takes a number`)
      if (value === '') throw usageError(`--${name} is empty; give it a value`)
      if (Array.isArray(value) && name !== '_' && name !== 'policy') throw usageError(`--${name} is given more than once`)
    }
    return true
  })
  .demandCommand(1, 'no command given; see gymnura --help')
  .recommendCommands()
  .strict()
  .wrap(Math.min(110, process.stdout.columns ?? 110))
  .fail((message, error) => {
    // yargs gives its own complaints as errors too.
    throw error && error.name !== 'YError' ? error : usageError(message)
  })

try {
  await parser.parseAsync()
} catch (error) {
  fail(
    error,
    process.argv.some((word) => /^--json(=true)?$/.test(word)),
  )
}
