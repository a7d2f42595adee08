import type { CommandModule } from 'yargs'
import { envsCommand } from './envs.js'
import { evaluateCommand } from './eval.js'
import { feedbackCommand } from './feedback.js'
import { modelsCommand } from './models.js'
import { predictCommand } from './predict.js'
import { promoteCommand, rollbackCommand } from './promote.js'
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
  feedbackCommand,
  modelsCommand,
  promoteCommand,
  rollbackCommand,
] as unknown as CommandModule[]
