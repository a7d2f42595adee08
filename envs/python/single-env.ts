import { checkResetOptions, Env, type Info, type RenderFrame, type ResetOptions, type StackState, type StepResult } from '../env.js'
import { InvalidAction, ResetNeeded } from '../errors.js'
import { shown } from '../shown.js'
import type { Space } from '../spaces/space.js'
import { invalidState } from '../state.js'
import type { PythonProcess } from './child.js'
import { metadataOf, type PythonEnvOptions, specOf, startPython } from './options.js'

/** One Python environment in a process of its own; `PythonEnv` makes it. */
export class PythonSingleEnv<Obs = unknown, Act = unknown> extends Env<Obs, Act> {
  override readonly observationSpace: Space<Obs>
  override readonly actionSpace: Space<Act>
  readonly #python: PythonProcess
  #hasReset = false

  /** @throws InvalidKwargs, PythonMissing, PythonFailed where it cannot be made */
  constructor(id: string, options: PythonEnvOptions = {}) {
    super()
    const [child, description] = startPython(id, options)
    this.#python = child
    this.observationSpace = description.observationSpace as Space<Obs>
    this.actionSpace = description.actionSpace as Space<Act>
    this.metadata = metadataOf(description)
    this.renderMode = options.renderMode ?? null
    this.spec = specOf(description, options)
  }

  /** The infos keep Python's names. @throws PythonFailed, PythonDied, PythonTimeout */
  override reset(given: ResetOptions = {}): [Obs, Info] {
    checkResetOptions(given)
    const { seed, options } = given
    this.seedRandom(seed)
    const result = this.#python.call('reset', { seed: seed ?? null, options: options ?? null }) as [Obs, Info]
    this.#hasReset = true
    return result
  }

  /** @throws InvalidAction, ResetNeeded, PythonFailed, PythonDied, PythonTimeout */
  override step(action: Act): StepResult<Obs> {
    if (!this.#hasReset) throw new ResetNeeded('cannot step before reset; call env.reset() first')
    if (!this.actionSpace.contains(action)) throw new InvalidAction(`${shown(action)} is not in ${this.actionSpace}`)
    return this.#python.call('step', { action }) as StepResult<Obs>
  }

  override render(): RenderFrame | null {
    return this.renderMode === null ? null : (this.#python.call('render') as RenderFrame | null)
  }

  /** Ends the child process too. */
  override close(): void {
    this.#python.close()
  }

  /** @throws EnvError (ENVS_INVALID_STATE): what lies in Python cannot be saved */
  override getState(): StackState {
    throw invalidState(`the state of ${this} lies in a Python process and cannot be saved`)
  }

  override setState(): void {
    this.getState()
  }
}
