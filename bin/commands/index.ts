import type { CommandModule } from 'yargs'
import { appsCommand } from './apps.js'
import { containersCommand } from './containers.js'
import { deleteCommand } from './delete.js'
import { envsCommand } from './envs.js'
import { evaluateCommand } from './eval.js'
import { feedbackCommand } from './feedback.js'
import { linkCommand, unlinkCommand } from './link.js'
import { logsCommand } from './logs.js'
import { modelsCommand } from './models.js'
import { playCommand } from './play.js'
import { predictCommand } from './predict.js'
import { promoteCommand, rollbackCommand } from './promote.js'
import { publishCommand } from './publish.js'
import { quickstartCommand } from './quickstart.js'
import { registerCommand } from './register.js'
import { replicasCommand } from './replicas.js'
import { serveCommand } from './serve.js'
import { tokensCommand } from './tokens.js'
import { topCommand } from './top.js'
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
  appsCommand,
  registerCommand,
  linkCommand,
  unlinkCommand,
  containersCommand,
  replicasCommand,
  deleteCommand,
  logsCommand,
  topCommand,
  playCommand,
  tokensCommand,
] as unknown as CommandModule[]
