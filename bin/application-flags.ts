/** What an application can be told on the command line: by `register`, and by what makes one beside a model. */
import type { Argv } from 'yargs'
import type { ApplicationOptions } from '../serve/index.js'
import { parseJson, usageError } from './output.js'

export interface ApplicationArguments {
  slo: number | undefined
  selection: string | undefined
  default: string | undefined
  confidence: number | undefined
  rewardRange: string | undefined
  overload: 'default' | 'shed' | undefined
}

const NAMES = ['slo', 'selection', 'default', 'confidence', 'reward-range', 'overload'] as const

/** The options of `registerApplication` by the flags that give them. */
export const APPLICATION_FLAGS = {
  sloMs: '--slo',
  selection: '--selection',
  defaultOutput: '--default',
  confidenceThreshold: '--confidence',
  rewardRange: '--reward-range',
  overload: '--overload',
} as const

/** @param group the heading in the help */
export const applicationFlags = <T>(yargs: Argv<T>, group: string): Argv<T & ApplicationArguments> =>
  yargs
    .option('slo', { type: 'number', requiresArg: true, describe: 'Every query is answered within so many milliseconds (100)' })
    .option('selection', {
      type: 'string',
      requiresArg: true,
      describe: 'How linked models are chosen: fixed, exp3, exp4, epsilon-greedy, ucb1, thompson, or JSON with a policy and its options',
    })
    .option('default', { type: 'string', requiresArg: true, describe: 'JSON: the output when no prediction is there in time' })
    .option('confidence', { type: 'number', requiresArg: true, describe: 'Below this confidence (0 to 1) the default is given' })
    .option('reward-range', { type: 'string', requiresArg: true, describe: 'JSON: the worst and the best reward of feedback ([0,1])' })
    .option('overload', {
      choices: ['default', 'shed'] as const,
      describe: 'What becomes of queries that are too many: the default at their deadline, or 503 at once',
    })
    .group([...NAMES], group) as unknown as Argv<T & ApplicationArguments>

/** What was given; undefined where nothing was. */
export function applicationOptions(given: ApplicationArguments): Partial<ApplicationOptions> | undefined {
  const { slo, selection, default: output, confidence, rewardRange, overload } = given
  const all = {
    sloMs: slo,
    selection: selection?.trimStart().startsWith('{')
      ? parseJson('--selection', selection, `'{"policy":"canary","canary":"m:2","percent":5}'`)
      : selection,
    defaultOutput: output === undefined ? undefined : parseJson('--default', output, '0, or "none"'),
    confidenceThreshold: confidence,
    rewardRange: rewardRange === undefined ? undefined : range(rewardRange),
    overload,
  }
  const told = Object.entries(all).filter(([, value]) => value !== undefined)
  return told.length === 0 ? undefined : (Object.fromEntries(told) as Partial<ApplicationOptions>)
}

function range(text: string): unknown {
  const value = parseJson('--reward-range', text, '[-1,1]')
  if (Array.isArray(value) && value.length === 2) return value
  throw usageError(`--reward-range is ${text}; expected two numbers as JSON, such as [-1,1]`)
}
