import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Env, EnvError, type Info, type ResetOptions, type StepResult, setWarningHandler, spaces } from 'gymnura/envs'

/** A folder for files of a test, gone when its process ends. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `gymnura-${name}-`))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The code of the EnvError that `action` throws. */
export function code(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    if (error instanceof EnvError) return error.code
    throw error
  }
  return 'nothing thrown'
}

/** The warnings given while `action` runs. */
export function warnings(action: () => unknown): string[] {
  const given: string[] = []
  const previous = setWarningHandler((message) => given.push(message))
  try {
    action()
  } finally {
    setWarningHandler(previous)
  }
  return given
}

/** What a user would write first: five cells in a row, the last is the goal. */
export class Corridor extends Env<number, number> {
  override readonly observationSpace = new spaces.Discrete(5)
  override readonly actionSpace = new spaces.Discrete(2)
  private at = 0

  override reset({ seed }: ResetOptions = {}): [number, Info] {
    this.seedRandom(seed)
    this.at = this.npRandom.integers(2)
    return [this.at, { start: this.at }]
  }

  override step(action: number): StepResult<number> {
    this.at = Math.max(0, this.at + (action === 1 ? 1 : -1))
    return [
      this.at,
      this.at === 4 ? 1 : 0,
      this.at === 4,
      false,
      { at: this.at, note: this.at > 2 ? 'near' : 'far', more: { twice: 2 * this.at } },
    ]
  }
}
