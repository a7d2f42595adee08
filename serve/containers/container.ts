/** What a model takes and gives, as its container said when it was warm. */
export interface ModelDescription {
  readonly inputType: 'floats'
  /** Numbers in one input, flat. */
  readonly inputSize: number
  /** Numbers in one output: 1 for a Discrete action. */
  readonly outputSize: number
  /** 'integer': one whole number (a Discrete action); 'floats': an array of `outputSize` numbers (a Box action). */
  readonly outputType: 'integer' | 'floats'
  /** What it gives besides when it is asked to: float32 `[items, …]` each, by name, and how many numbers an item has. */
  readonly extras?: Readonly<Record<string, number>>
  readonly algorithm?: string
  readonly environmentId?: string
  readonly observationSpace?: unknown
  readonly actionSpace?: unknown
}

/** A batch on its way into a container. */
export interface BatchInputs {
  /** Rows. */
  readonly size: number
  /** Whether the model's extras are wanted too. */
  readonly wantsExtras: boolean
  /** Writes the rows into `into`, `[size, inputSize]` row-major: the one copy between a query and the model. */
  gather(into: Float32Array): void
}

/** How one item of a batch ended. */
export const ITEM_OK = 0
export const ITEM_FAILED = 1

/** What a container answered; views, valid only during the call that hands them over. */
export interface BatchReply {
  /** `[size, outputSize]` row-major. */
  readonly outputs: Float32Array | Int32Array
  /** `[size, …]` row-major each, in the order in which the description names them; absent unless wanted. */
  readonly extras?: readonly Float32Array[]
  /** One code an item (`ITEM_OK`, `ITEM_FAILED`); absent when all are well. */
  readonly statuses?: Uint8Array
  /** Why items failed, by item; absent when all are well. */
  readonly errors?: Readonly<Record<number, string>>
}

/** Called exactly once a batch: with the reply, or with null and the reason when the container was lost before it answered. */
export type BatchDone = (reply: BatchReply | null, reason?: string) => void

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
  /** Only while `ready`, and with fewer than `maxInFlight` batches open. */
  evaluate(batch: BatchInputs, done: BatchDone): void
  /** Resolves when nothing of it runs any more; batches in flight are reported lost. */
  stop(): Promise<void>
}
