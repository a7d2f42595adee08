import type { EnvMetadata } from '../env.js'
import { EnvSpec } from '../env-spec.js'
import { InvalidKwargs, PythonFailed, PythonMissing } from '../errors.js'
import { checkKwargs, checkOptionsObject } from '../kwargs.js'
import { shown } from '../shown.js'
import { spaceFromJSON } from '../spaces/index.js'
import type { Space } from '../spaces/space.js'
import type { MemberFailure } from '../vector/sync-vector-env.js'
import type { AutoresetMode } from '../vector/vector-env.js'
import { PythonProcess } from './child.js'

export interface PythonEnvOptions {
  /** Arguments of `gymnasium.make`, in Python's names: `{ max_episode_steps: 50 }`. */
  kwargs?: Record<string, unknown>
  /** 'python3' unless told; in a virtual environment its bin/python. */
  python?: string
  renderMode?: string | null
  /** Milliseconds that a reset, a step or a picture may take; 60,000 unless told. What takes longer ends the process. */
  timeoutMs?: number
  /** Milliseconds until the environment is made, imports included; 60,000 unless told. */
  startTimeoutMs?: number
}

export interface PythonVectorEnvOptions extends PythonEnvOptions {
  numEnvs: number
  /** In the process one after the other ('sync', unless told), in a process each ('async'), or the environment's own. */
  vectorizationMode?: 'sync' | 'async' | 'vector_entry_point'
  autoresetMode?: AutoresetMode
  copy?: boolean
  /**
   * 'throw' unless told. With 'restart' all are made anew in another process where one raises an error, dies or hangs; their episodes count
   * as truncated, and `infos.memberFailure` says why.
   */
  onMemberFailure?: MemberFailure
}

const OPTIONS = ['kwargs', 'python', 'renderMode', 'timeoutMs', 'startTimeoutMs']
const VECTOR_OPTIONS = ['numEnvs', 'vectorizationMode', 'autoresetMode', 'copy', 'onMemberFailure']
/** Python's errors for a package that is not there. */
const MISSING = ['ModuleNotFoundError', 'DependencyNotInstalled']
const DEFAULT_TIMEOUT_MS = 60_000
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** What `server.py` tells of the environment it made. */
export interface PythonDescription {
  observationSpace: Space
  actionSpace: Space
  renderModes: string[]
  renderFps: number | null
  spec: {
    id: string
    rewardThreshold: number | null
    maxEpisodeSteps: number | null
    nondeterministic: boolean
  } | null
}

/** Starts the process and makes the environment in it. @throws InvalidKwargs, PythonMissing, PythonFailed */
export function startPython(id: string, options: PythonEnvOptions | PythonVectorEnvOptions): [PythonProcess, PythonDescription] {
  const {
    kwargs = {},
    python = 'python3',
    renderMode = null,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    startTimeoutMs = DEFAULT_TIMEOUT_MS,
  } = options
  const { numEnvs = null, vectorizationMode = 'sync', autoresetMode = 'next-step' } = options as Partial<PythonVectorEnvOptions>
  checkKwargs('PythonEnv', options, numEnvs === null ? OPTIONS : [...OPTIONS, ...VECTOR_OPTIONS])
  checkOptionsObject('kwargs of PythonEnv', kwargs)
  for (const [name, text] of Object.entries({ id, python })) {
    if (typeof text !== 'string' || text === '') throw new InvalidKwargs(`${name} of PythonEnv is text, got ${shown(text)}`)
  }
  for (const [name, limit] of Object.entries({ timeoutMs, startTimeoutMs })) {
    if (typeof limit !== 'number' || !(limit > 0 && limit <= LONGEST_TIMEOUT_MS)) {
      throw new InvalidKwargs(`${name} of PythonEnv is a number of milliseconds up to ${LONGEST_TIMEOUT_MS}, got ${shown(limit)}`)
    }
  }
  const child = new PythonProcess({ python, timeoutMs, startTimeoutMs, what: id })
  try {
    const made = child.call('make', { id, kwargs, renderMode, numEnvs, mode: vectorizationMode, autoreset: autoresetMode })
    const description = made as PythonDescription
    description.observationSpace = spaceFromJSON(description.observationSpace)
    description.actionSpace = spaceFromJSON(description.actionSpace)
    return [child, description]
  } catch (error) {
    child.close()
    if (error instanceof PythonFailed && MISSING.includes(error.pythonType)) {
      throw new PythonMissing(
        `${id} needs a package that ${python} does not have; install it with ${python} -m pip.\n\n${error.message}`,
        error.traceback,
      )
    }
    throw error
  }
}

export function metadataOf({ renderModes, renderFps }: PythonDescription): EnvMetadata {
  return renderFps === null ? { renderModes } : { renderModes, renderFps }
}

/** What Python's registry says, null for an environment without a spec. `make` cannot make it again: that is Python's. */
export function specOf({ spec }: PythonDescription, { kwargs = {} }: PythonEnvOptions): EnvSpec | null {
  return spec === null ? null : new EnvSpec({ ...spec, kwargs })
}
