import type { Dispatcher } from '../batching/dispatcher.js'
import type { CachedModel, Evaluation } from '../batching/evaluation.js'
import type { ModelDescription } from '../containers/container.js'
import { ServeError } from '../errors.js'
import type { ModelRecord } from '../state/state.js'

/** What a model takes. */
export type Taken = Pick<ModelDescription, 'inputType' | 'inputSize'>

/** The same in words. */
export function takenBy({ inputType, inputSize }: Taken): string {
  const unit = inputType === 'floats' ? 'numbers' : inputType
  return inputSize === null ? `${inputType} of any length` : `${inputSize} ${unit}`
}

let versionsMade = 0

/** One published version: immutable, with a queue and containers of its own. */
export class ModelVersion implements CachedModel {
  readonly cachePrefix = `${(versionsMade++).toString(36)}:`

  constructor(
    readonly name: string,
    readonly version: string,
    readonly description: ModelDescription,
    readonly dispatcher: Dispatcher,
    public record: Omit<ModelRecord, 'current'>,
  ) {}

  get sharedPrefix(): string {
    return `${this.id}:${this.record.publishedAt ?? this.record.digest}:`
  }

  get id(): string {
    return `${this.name}:${this.version}`
  }

  /** Elements of one input; null where each has its own length. */
  get inputSize(): number | null {
    return this.description.inputSize
  }

  enqueue(evaluation: Evaluation, now: number): void {
    this.dispatcher.enqueue(evaluation, now)
  }
}

/** A model: its versions, and the one that answers queries which name none. */
export class Model {
  readonly versions = new Map<string, ModelVersion>()

  constructor(
    readonly name: string,
    public current: ModelVersion,
  ) {
    this.versions.set(current.version, current)
  }

  /** @throws ServeError `MODEL_VERSION_UNKNOWN`, in Clipper's words */
  version(version: string | undefined): ModelVersion {
    if (version === undefined) return this.current
    const found = this.versions.get(version)
    if (found) return found
    throw new ServeError('MODEL_VERSION_UNKNOWN', `Requested version: ${version} does not exist for model: ${this.name}`)
  }
}
