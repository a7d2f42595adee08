import type { Model, ModelVersion } from './model.js'

/** A link of an application: a model, whose current version answers, or one version of it for good. */
export class Arm {
  /** `model`, or `model:version`. */
  readonly name: string

  constructor(
    readonly model: Model,
    readonly version: string | undefined,
  ) {
    this.name = version === undefined ? model.name : `${model.name}:${version}`
  }

  /** The version that answers; `wanted` is what the query asked for. @throws ServeError `MODEL_VERSION_UNKNOWN` */
  resolve(wanted?: string): ModelVersion {
    return this.model.version(wanted ?? this.version)
  }
}
