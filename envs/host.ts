/** What only Node has. Everything else in envs runs in a browser, so Node's modules are asked for where they are used, and not imported. */
import { EnvError } from './errors.js'

type Fs = typeof import('node:fs')
type ChildProcess = typeof import('node:child_process')
type Path = typeof import('node:path')
type Os = typeof import('node:os')
type Process = typeof import('node:process')
type WorkerThreads = typeof import('node:worker_threads')

interface NodeModules {
  'node:fs': Fs
  'node:child_process': ChildProcess
  'node:os': Os
  'node:path': Path
  'node:process': Process
  'node:worker_threads': WorkerThreads
}

/** @throws EnvError (ENVS_NEEDS_NODE) elsewhere than in Node, saying for what it was needed */
export function nodeModule<Name extends keyof NodeModules>(name: Name, what: string): NodeModules[Name] {
  const found = globalThis.process?.getBuiltinModule?.(name)
  if (found === undefined) throw new EnvError('ENVS_NEEDS_NODE', `${what} needs Node (${name}), which is not here`)
  return found as unknown as NodeModules[Name]
}

const PROGRAM_GIVEN = /^(-e|-p|-pe|--eval|--print|--input-type)(=|$)/
const LOADS_MODULES = /^(-r|-C|--import|--require|--loader|--experimental-loader|--conditions)(=|$)/

/**
 * Flags for a thread. It inherits the process's unless told others; but those of a program given on the command line (`node -e`) would make
 * it refuse its file, and of others only those that load modules may be told.
 */
export function threadFlags(): { execArgv?: string[] } {
  const flags = nodeModule('node:process', 'a thread').execArgv
  if (!flags.some((flag) => PROGRAM_GIVEN.test(flag))) return {}
  const withValues = flags.map((flag, at) => (flag.includes('=') ? [flag] : [flag, flags[at + 1] ?? '']))
  return { execArgv: withValues.filter(([flag]) => LOADS_MODULES.test(flag!)).flat() }
}
