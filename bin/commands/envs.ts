import { pathToFileURL } from 'node:url'
import { make, registry, setWarningHandler } from '../../envs/index.js'
import { type Command, columns, print } from '../output.js'

interface EnvsArguments {
  word: string | undefined
  module: string | undefined
}

export const envsCommand: Command<EnvsArguments> = {
  command: 'envs [word]',
  describe: 'List the environments with their spaces, step limits and thresholds',
  builder: (yargs) =>
    yargs
      .positional('word', { type: 'string', describe: 'Only those whose id contains it' })
      .option('module', { type: 'string', requiresArg: true, describe: 'File that registers environments of your own' })
      .example('$0 envs', 'all of them')
      .example('$0 envs cart --json', 'those of carts, for a program'),
  handler: async ({ word, module, json }) => {
    if (module) await import(pathToFileURL(module).href)
    // A list has the outdated ones too.
    setWarningHandler(() => {})
    const wanted = [...registry.values()].filter(({ id }) => id.toLowerCase().includes((word ?? '').toLowerCase()))
    const rows = wanted.map(({ id, maxEpisodeSteps, rewardThreshold, nativeEntryPoint, vectorEntryPoint }) => ({
      id,
      ...spacesOf(id),
      maxEpisodeSteps,
      rewardThreshold,
      vectorizationModes: [...(vectorEntryPoint ? ['vector_entry_point'] : []), 'sync', 'async', ...(nativeEntryPoint ? ['native'] : [])],
    }))
    const table = [
      ['environment', 'observations', 'actions', 'steps', 'solved at'],
      ...rows.map((row) => [row.id, row.observationSpace, row.actionSpace, `${row.maxEpisodeSteps ?? ''}`, `${row.rewardThreshold ?? ''}`]),
    ]
    print(json, rows, rows.length > 0 ? columns(table) : `no environment has ${word} in its id; gymnura envs lists all`)
  },
}

/** The spaces as Gymnasium prints them; what cannot be made here, such as an environment of a missing package, says why. */
function spacesOf(id: string): { observationSpace: string; actionSpace: string } {
  try {
    const env = make(id, { disableEnvChecker: true })
    const { actionSpace, observationSpace } = env
    env.close()
    return { observationSpace: shortened(String(observationSpace)), actionSpace: shortened(String(actionSpace)) }
  } catch (error) {
    return { observationSpace: `cannot be made: ${(error as Error).message}`, actionSpace: '' }
  }
}

/** Bounds of many coordinates say little in a list. */
function shortened(space: string): string {
  const oneLine = space.replace(/\s+/g, ' ')
  return oneLine.length <= 44 ? oneLine : oneLine.replace(/\[[^\]]*\]/g, '[…]')
}
