/** The child's side of child.ts: runs one benchmark and sends back what it returns. Arguments: its file, and what is for it. */
import type { Benchmark, Outcome } from './child.js'

const [file, ...args] = process.argv.slice(2)
const benchmark: Benchmark = await import(file)
const outcome = await benchmark.run(args)
process.send?.({ outcome, chart: benchmark.chart?.(outcome), table: benchmark.table?.(outcome) } satisfies Outcome)
process.disconnect()
