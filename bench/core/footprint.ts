/** What the runtime takes before and besides the work: time to start, memory and processor while idle, memory of a task in flight. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { barChart } from '../bar-chart.js'
import { figure, printRow, type Row, spread } from '../timeit.js'

const RUNS = 5
const IDLE_MS = 2000
const IN_FLIGHT = 1_000_000
const core = new URL('../../core/index.js', import.meta.url).href

/** Runs in a fresh process. Memory is the whole process's, bytes; PSS (Linux only) counts shared pages by share. */
const prelude = `
  import { readFileSync } from 'node:fs'
  import { setTimeout as sleep } from 'node:timers/promises'
  const { get, init, remote } = await import(${JSON.stringify(core)})
  const rss = () => process.memoryUsage.rss()
  const used = () => process.memoryUsage().heapUsed + process.memoryUsage().external
  function pss() {
    try {
      return 1024 * Number(/^Pss: +(\\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))[1])
    } catch {
      return undefined
    }
  }
`

const startUp = `${prelude}
  const start = performance.now()
  await init({ numCpus: 2 })
  const initMs = performance.now() - start
  const asked = performance.now()
  await get(remote(() => 'ok').remote())
  const firstTaskMs = performance.now() - asked
  await sleep(1000)
  const idleFrom = process.cpuUsage()
  await sleep(${IDLE_MS})
  const { user, system } = process.cpuUsage(idleFrom)
  console.log(JSON.stringify({ initMs, firstTaskMs, idleRss: rss(), idlePss: pss(), idleCpu: (user + system) / ${IDLE_MS * 10} }))
  process.exit()
`

const bare = `${prelude}
  await sleep(1000)
  console.log(JSON.stringify({ idleRss: rss(), idlePss: pss() }))
`

const inFlight = `${prelude}
  await init({ numCpus: 2 })
  const nothing = remote(() => 'ok')
  // Code and buffers reach their size.
  await get(Array.from({ length: 10_000 }, () => nothing.remote()))
  gc()
  const before = rss()
  const usedBefore = used()
  const start = performance.now()
  const refs = []
  let most = 0
  for (let i = 1; i <= ${IN_FLIGHT}; i++) {
    refs.push(nothing.remote())
    if (i % 100_000 === 0) most = Math.max(most, rss())
  }
  const submitted = performance.now()
  await get(refs)
  const done = performance.now()
  most = Math.max(most, rss())
  gc()
  console.log(JSON.stringify({ peak: most - before, held: used() - usedBefore, submitMs: submitted - start, totalMs: done - start }))
  process.exit()
`

type Measured = Readonly<Record<string, number>>

async function fresh(script: string): Promise<Measured> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--input-type=module', '-e', script])
  return JSON.parse(stdout.trim().split('\n').at(-1)!)
}

const MB = 1e6

/** What was set as a goal, in the unit of the row. */
const GOALS: Readonly<Record<string, number>> = {
  'init({ numCpus: 2 })': 100,
  'idle memory with two workers, RSS': 150,
  'memory a task, 1 M in flight, at the peak': 1000,
}

export async function run(): Promise<Row[]> {
  const rows: Row[] = []
  const tell = (name: string, unit: string, runs: readonly Measured[], of: (run: Measured) => number) => {
    const values = runs.map(of).filter((value) => !Number.isNaN(value))
    if (values.length === 0) return
    const row = { name, unit, ...spread(values) }
    rows.push(row)
    printRow(row)
  }
  const before: Measured[] = []
  const idle: Measured[] = []
  for (let i = 0; i < RUNS; i++) {
    before.push(await fresh(bare))
    idle.push(await fresh(startUp))
    console.log(`start ${i + 1} of ${RUNS}: ${figure(idle[i].initMs)} ms`)
  }
  tell('init({ numCpus: 2 })', 'ms', idle, (run) => run.initMs)
  tell('first task', 'ms', idle, (run) => run.firstTaskMs)
  tell('idle memory with two workers, RSS', 'MB', idle, (run) => run.idleRss / MB)
  tell('idle memory with two workers, PSS', 'MB', idle, (run) => run.idlePss / MB)
  tell('the same process before init, RSS', 'MB', before, (run) => run.idleRss / MB)
  tell('the same process before init, PSS', 'MB', before, (run) => run.idlePss / MB)
  tell('idle processor with two workers, of one core', '%', idle, (run) => run.idleCpu)
  const flights: Measured[] = []
  for (let i = 0; i < RUNS; i++) {
    flights.push(await fresh(inFlight))
    console.log(`million ${i + 1} of ${RUNS}: ${figure(flights[i].totalMs)} ms`)
  }
  tell('memory a task, 1 M in flight, at the peak', 'B', flights, (run) => run.peak / IN_FLIGHT)
  tell('memory a task, 1 M done and their refs held', 'B', flights, (run) => run.held / IN_FLIGHT)
  tell('1 M tasks at once, submitting alone', 'ms', flights, (run) => run.submitMs)
  tell('1 M tasks at once', '/s', flights, (run) => (1000 * IN_FLIGHT) / run.totalMs)
  return rows
}

/** The rows that have a goal, as a part of it. */
export function chart(rows: readonly Row[]): string {
  const bars = rows
    .filter(({ name }) => Object.hasOwn(GOALS, name))
    .map(({ name, unit, mean }) => ({
      label: name,
      value: mean / GOALS[name],
      note: `${figure(mean)} ${unit} of at most ${figure(GOALS[name])}`,
    }))
  return barChart({ title: 'What the runtime takes, as a part of what it may take', bars, mark: 1, better: 'less' })
}
