/** What tests hand to workers by `{ module }`: a file without tests, since a worker that imports it would run them. */
import { metrics } from '../../core/api/metrics.js'
import { flushMetrics, type MetricsBatch, setForward } from '../../core/control/metrics.js'

export function shout(text: string): string {
  return loud(text)
}

function loud(text: string): string {
  return `${text}!`
}

/** Counts in its thread, and keeps the batches that a worker would send. */
export class Tally {
  private sent: MetricsBatch[] = []
  private flag: Int32Array | undefined
  private readonly steps = metrics.counter('tally_steps_total', { description: 'Steps taken', labels: ['env'] })
  private readonly load = metrics.gauge('tally_load')
  private readonly seconds = metrics.histogram('tally_seconds', { buckets: [1, 2] })

  constructor() {
    setForward((batch) => {
      this.sent.push(batch)
      if (this.flag !== undefined) Atomics.add(this.flag, 0, 1)
    })
  }

  /** From now on adds 1 to shared memory for each batch. */
  signal(flag: Int32Array): void {
    this.flag = flag
  }

  step(times: number, env: string): void {
    for (let i = 0; i < times; i++) this.steps.inc(1, { env })
  }

  set(load: number): void {
    this.load.set(load)
  }

  add(load: number): void {
    this.load.inc(load)
  }

  observe(seconds: number): void {
    this.seconds.observe(seconds)
  }

  /** Counts for so long, with turns of the event loop. */
  async stepFor(ms: number, env: string): Promise<{ tookMs: number; steps: number }> {
    const start = performance.now()
    let steps = 0
    for (; performance.now() - start < ms; steps++) {
      this.step(1, env)
      await new Promise(setImmediate)
    }
    return { tookMs: performance.now() - start, steps }
  }

  /** Declares what the driver has declared otherwise. */
  contradict(): void {
    metrics.gauge('tally_contested').set(1)
  }

  flush(): void {
    flushMetrics()
  }

  /** The batches since the last call. */
  batches(): MetricsBatch[] {
    const { sent } = this
    this.sent = []
    return sent
  }

  async text(): Promise<string> {
    return await metrics.text()
  }
}
