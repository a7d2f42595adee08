/** The child's side of child.ts: runs one benchmark and sends back what it returns. Arguments: its file, and what is for it. */
import type { Benchmark, Outcome } from './child.js'

const [file, ...args] = process.argv.slice(2)
// The parent is gone: nobody waits for the outcome. By a signal, so that what this has started is ended as by Ctrl-C.
const orphaned = () => process.kill(process.pid, 'SIGTERM')
process.once('disconnect', orphaned)
const benchmark: Benchmark = await import(file)
const outcome = await benchmark.run(args)
process.send?.({ outcome, chart: benchmark.chart?.(outcome), table: benchmark.table?.(outcome) } satisfies Outcome)
process.off('disconnect', orphaned)
process.disconnect()
