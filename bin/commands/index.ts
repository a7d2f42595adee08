import type { CommandModule } from 'yargs'

/** Every command, in the order of a first session. Each is loaded when it is wanted: most need neither the environments nor learning. */
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  quickstart: async () => (await import('./quickstart.js')).quickstartCommand,
  envs: async () => (await import('./envs.js')).envsCommand,
  watch: async () => (await import('./watch.js')).watchCommand,
  train: async () => (await import('./train.js')).trainCommand,
  eval: async () => (await import('./eval.js')).evaluateCommand,
  serve: async () => (await import('./serve.js')).serveCommand,
  publish: async () => (await import('./publish.js')).publishCommand,
  predict: async () => (await import('./predict.js')).predictCommand,
  feedback: async () => (await import('./feedback.js')).feedbackCommand,
  top: async () => (await import('./top.js')).topCommand,
  logs: async () => (await import('./logs.js')).logsCommand,
  models: async () => (await import('./models.js')).modelsCommand,
  promote: async () => (await import('./promote.js')).promoteCommand,
  rollback: async () => (await import('./promote.js')).rollbackCommand,
  containers: async () => (await import('./containers.js')).containersCommand,
  replicas: async () => (await import('./replicas.js')).replicasCommand,
  apps: async () => (await import('./apps.js')).appsCommand,
  register: async () => (await import('./register.js')).registerCommand,
  link: async () => (await import('./link.js')).linkCommand,
  unlink: async () => (await import('./link.js')).unlinkCommand,
  play: async () => (await import('./play.js')).playCommand,
  delete: async () => (await import('./delete.js')).deleteCommand,
  tokens: async () => (await import('./tokens.js')).tokensCommand,
}

/** The command that a command line names, or all of them where it names none of these: to list them, or to suggest one. */
export async function commandsFor(args: readonly string[]): Promise<CommandModule[]> {
  const word = args.find((arg) => !arg.startsWith('-')) ?? ''
  const wanted = Object.hasOwn(COMMANDS, word) ? [COMMANDS[word]!] : Object.values(COMMANDS)
  return (await Promise.all(wanted.map((load) => load()))) as CommandModule[]
}
