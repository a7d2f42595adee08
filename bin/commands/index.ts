import type { CommandModule } from 'yargs'
import { evaluateCommand } from './eval.js'
import { predictCommand } from './predict.js'
import { publishCommand } from './publish.js'
import { quickstartCommand } from './quickstart.js'
import { serveCommand } from './serve.js'
import { trainCommand } from './train.js'

/** Every command, in the order of a first session. */
export const commands = [
  quickstartCommand,
  trainCommand,
  evaluateCommand,
  serveCommand,
  publishCommand,
  predictCommand,
] as unknown as CommandModule[]
