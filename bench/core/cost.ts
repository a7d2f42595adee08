/**
 * What a task costs as there are more of them: no-op tasks, 10 K to 10 M. Once with 1,000 in flight, and once with all of them in
 * flight at once, as far as the heap of one process goes.
 */
import { availableParallelism } from 'node:os'
import { get, init, type ObjectRef, remote, shutdown } from '../../core/index.js'
import { lineChart } from '../chart.js'

const COUNTS = [1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7]
const BATCH = 1000
/** Ten million at once would need more than V8's default heap for the refs alone. */
const MOST_AT_ONCE = 1e6
/** Small counts are repeated until they come to so many tasks; the median is told. */
const TASKS_A_POINT = 3e5

interface Row {
  readonly tasks: number
  /** Microseconds a task, from the first call to the last value. */
  readonly batchedUs: number
  readonly atOnceUs?: number
}

async function median(tasks: number, work: () => Promise<void>): Promise<number> {
  const costs: number[] = []
  for (let i = 0; i < Math.max(1, Math.round(TASKS_A_POINT / tasks)); i++) {
    const start = performance.now()
    await work()
    costs.push(((performance.now() - start) / tasks) * 1000)
  }
  return costs.sort((a, b) => a - b)[costs.length >> 1]
}

export async function run(): Promise<Row[]> {
  await init({ numCpus: availableParallelism() })
  const nothing = remote(() => 'ok')
  const atOnce = async (tasks: number) => {
    const refs: ObjectRef<string>[] = []
    for (let i = 0; i < tasks; i++) refs.push(nothing.remote())
    await get(refs)
  }
  const batched = async (tasks: number) => {
    for (let done = 0; done < tasks; done += BATCH) await atOnce(BATCH)
  }
  await batched(TASKS_A_POINT)
  const rows: Row[] = []
  for (const tasks of COUNTS) {
    const batchedUs = await median(tasks, () => batched(tasks))
    const atOnceUs = tasks <= MOST_AT_ONCE ? await median(tasks, () => atOnce(tasks)) : undefined
    rows.push({ tasks, batchedUs, atOnceUs })
    const second = atOnceUs === undefined ? '' : `, all in flight ${atOnceUs.toFixed(2)} µs`
    console.log(`${tasks.toLocaleString('en').padStart(10)} tasks: ${BATCH} in flight ${batchedUs.toFixed(2)} µs a task${second}`)
  }
  await shutdown()
  return rows
}

export function chart(rows: readonly Row[]): string {
  return lineChart({
    title: 'The cost of a no-op task by the number of tasks',
    x: 'tasks',
    y: 'µs a task',
    logX: true,
    lines: [
      { label: '1,000 in flight', points: rows.map(({ tasks, batchedUs }) => [tasks, batchedUs]) },
      { label: 'all in flight', points: rows.flatMap(({ tasks, atOnceUs }) => (atOnceUs === undefined ? [] : [[tasks, atOnceUs]])) },
    ],
  })
}
