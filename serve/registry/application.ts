import { Deadlines } from '../query/deadlines.js'
import type { Exchange } from '../query/exchange.js'
import { Latencies } from '../query/latencies.js'
import type { SelectionPolicy } from '../selection/selection.js'
import type { ApplicationRecord } from '../state/state.js'
import type { Model } from './model.js'

/** An application as it runs: its linked models, its clock and its counts. */
export class Application {
  readonly defaultJson: string
  readonly deadlines = new Deadlines<Exchange>()
  readonly latencies = new Latencies()
  readonly links: Model[] = []
  queries = 0
  /** Queries answered with the default, by Clipper's explanation or, for the rest, 'failed'. */
  readonly defaults = { noModels: 0, late: 0, failed: 0 }

  constructor(
    readonly record: Omit<ApplicationRecord, 'models'>,
    readonly selection: SelectionPolicy,
  ) {
    this.defaultJson = JSON.stringify(record.defaultOutput)
  }

  get name(): string {
    return this.record.name
  }

  get sloMs(): number {
    return this.record.sloMs
  }

  toRecord(): ApplicationRecord {
    return { ...this.record, models: this.links.map(({ name }) => name) }
  }
}
