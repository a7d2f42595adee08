import type { Container } from '../containers/container.js'
import type { BatchController, ControllerState } from './controller.js'

/** The state of one replica's batching, for people and metrics. */
export interface ReplicaState {
  readonly ready: boolean
  readonly pid: number | undefined
  readonly restarts: number
  readonly maxBatch: number
  readonly objectiveMs: number
  readonly controller: ControllerState
}

/** A container that takes batches from a queue, and what has been found out about it. */
export class Replica {
  /** Batches. */
  inFlight = 0
  /** It gets no more batches, and is stopped when those it has are answered. */
  leaving: (() => void) | undefined

  constructor(
    readonly container: Container,
    readonly controller: BatchController,
  ) {}

  get state(): ReplicaState {
    const { ready, pid, restarts } = this.container
    const { state } = this.controller
    return { ready, pid, restarts, maxBatch: state.maxBatch, objectiveMs: state.objectiveMs, controller: state }
  }
}
