/**
 * The benchmarks: `npm run bench -- AREA [NAME]` runs bench/AREA/*.ts (or those whose name contains NAME), one after another, each in a
 * process of its own so that none warms up another's code. What a benchmark returns is kept in bench/results/AREA-NAME.json.
 */
import { fork } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const results = join(here, '..', '..', 'bench', 'results')

interface Benchmark {
  run(): Promise<unknown>
  /** What `run` returned, as SVG. */
  chart?(rows: unknown): string
}

/** In the child: run one benchmark and send back what it returns. */
async function runFile(file: string): Promise<void> {
  const benchmark: Benchmark = await import(file)
  const rows = await benchmark.run()
  process.send?.({ rows, chart: benchmark.chart?.(rows) })
  process.disconnect()
}

interface Outcome {
  rows: unknown
  chart?: string
}

function runInChild(file: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [], { env: { ...process.env, GYMNURA_BENCH_FILE: file } })
    let outcome: Outcome | undefined
    child.on('message', (message: Outcome) => {
      outcome = message
    })
    child.on('exit', (code) => (code === 0 && outcome ? resolve(outcome) : reject(new Error(`${file} ended with exit code ${code}`))))
  })
}

async function main([area, name = '']: string[]): Promise<void> {
  const areas = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  if (!area || !areas.includes(area)) {
    console.error(`usage: npm run bench -- AREA [NAME]; AREA is one of ${areas.join(', ')}${area ? `, not ${area}` : ''}`)
    process.exitCode = 2
    return
  }
  const machine = { cpu: cpus()[0].model, cores: availableParallelism(), memoryGB: Math.round(totalmem() / 2 ** 30), node: process.version }
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGB} GB, Node ${machine.node}`)
  for (const file of readdirSync(join(here, area)).filter((file) => file.endsWith('.js') && file.includes(name))) {
    const title = basename(file, '.js')
    console.log(`\n${area} / ${title}`)
    const { rows, chart } = await runInChild(join(here, area, file))
    mkdirSync(results, { recursive: true })
    const kept = { date: new Date().toISOString().slice(0, 10), machine, command: `npm run bench -- ${area} ${title}`, rows }
    writeFileSync(join(results, `${area}-${title}.json`), `${JSON.stringify(kept, null, 2)}\n`)
    if (chart) writeFileSync(join(results, `${area}-${title}.svg`), chart)
  }
}

const file = process.env.GYMNURA_BENCH_FILE
if (file) await runFile(file)
else await main(process.argv.slice(2))
