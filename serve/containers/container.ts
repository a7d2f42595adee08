import type { OutputName } from '../log/output-lines.js'
import type { Column, Elements, ElementType, InputType } from './element-types.js'

/** Batches that a container may be asked to answer at the same time. */
export const MOST_IN_FLIGHT = 64
export const mayBeInFlight = (count: unknown): count is number =>
  typeof count === 'number' && Number.isInteger(count) && count >= 1 && count <= MOST_IN_FLIGHT

/** One of a model's outputs. */
export interface OutputDescription {
  readonly name: string
  readonly type: ElementType
  /**
   * Of one item: `[]` is a bare number (or one text), `[2]` two numbers, `[-1]` as many as it likes. Several dimensions are row-major.
   */
  readonly shape: readonly number[]
}

/** What a model takes and gives, as its container said when it was warm. */
export interface ModelDescription {
  readonly inputType: InputType
  /** Elements of one input, flat; null where each has its own length, as strings always do. */
  readonly inputSize: number | null
  /** At least one. The first one is the answer; the others are there for who asks for them. */
  readonly outputs: readonly OutputDescription[]
  readonly algorithm?: string
  readonly environmentId?: string
  readonly observationSpace?: unknown
  readonly actionSpace?: unknown
}

/** A batch on its way into a container. */
export interface BatchInputs {
  /** Items. */
  readonly size: number
  /** Whether all outputs are asked for, or the first alone. */
  readonly wantsExtras: boolean
  /** Elements of all items together. */
  readonly length: number
  /** Where each item begins and the last one ends; undefined where all have the model's size. */
  offsets(): Uint32Array | undefined
  /** Writes the items' elements one after the other: the one copy between a query and the model. */
  gather(into: Elements): void
}

/** How one item of a batch ended. */
export const ITEM_OK = 0
export const ITEM_FAILED = 1

/** What a container answered; views, valid only during the call that hands them over. */
export interface BatchReply {
  /** The model's outputs in its order; the first alone where the others were not asked for. */
  readonly outputs: readonly Column[]
  /** One code an item (`ITEM_OK`, `ITEM_FAILED`); absent when all are well. */
  readonly statuses?: Uint8Array
  /** Why items failed, by item; absent when all are well. */
  readonly errors?: Readonly<Record<number, string>>
}

/** Called exactly once a batch: with the reply, or with null and the reason when the container was lost before it answered. */
export type BatchDone = (reply: BatchReply | null, reason?: string) => void

/** What is told of a container for the log. */
export interface ContainerEvents {
  /** It has printed a line. */
  said(stream: OutputName, line: string, pid: number | undefined): void
  /** It is warm, for the first time or again. */
  ready(pid: number | undefined, restarts: number): void
  /** It was lost, and the next life begins after a while. */
  died(reason: string, restartInMs: number, pid: number | undefined): void
}

/** One replica of a model, wherever it runs. */
export interface Container {
  /** False while it is being restarted. */
  readonly ready: boolean
  /** Batches it takes before it has answered the first. */
  readonly maxInFlight: number
  /** How often it had to be started again. */
  readonly restarts: number
  /** The operating system's process, where it has one of its own. */
  readonly pid: number | undefined
  /** Called whenever it becomes ready again. */
  onReady: () => void
  /** Resolves once the model is warm. @throws ServeError `MODEL_REFUSED`, `CONTAINER_FAILED` */
  start(): Promise<ModelDescription>
  /** Starts, however often that takes: for a model that was served before. `onReady` tells when it is. */
  comeBack(): void
  /** Only while `ready`, and with fewer than `maxInFlight` batches open. */
  evaluate(batch: BatchInputs, done: BatchDone): void
  /** Resolves when nothing of it runs any more; batches in flight are reported lost. */
  stop(): Promise<void>
}
