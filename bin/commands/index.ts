import type { CommandModule } from 'yargs'
import { envsCommand } from './envs.js'
import { evaluateCommand } from './eval.js'
import { predictCommand } from './predict.js'
import { publishCommand } from './publish.js'
import { quickstartCommand } from './quickstart.js'
import { serveCommand } from './serve.js'
import { trainCommand } from './train.js'
import { watchCommand } from './watch.js'

/** Every command, in the order of a first session. */
export const commands = [
  quickstartCommand,
  envsCommand,
  watchCommand,
  trainCommand,
  evaluateCommand,
  serveCommand,
  publishCommand,
  predictCommand,
] as unknown as CommandModule[]
