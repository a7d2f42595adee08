import { Limit } from './controller.js'

/** Batches of up to a size that was given, however long they take; with 1 there is no batching. */
export class FixedController extends Limit {
  readonly policy: 'fixed' | 'none'

  constructor(size: number, objectiveMs: number) {
    super(objectiveMs, size)
    this.policy = size === 1 ? 'none' : 'fixed'
    this.moveTo(size)
  }

  override observe(_size: number, latencyMs: number): void {
    this.remember(latencyMs)
  }
}
