/**
 * The benchmarks, one after another, each in a process of its own.
 *
 *     npm run bench -- AREA             all of bench/AREA/*.ts
 *     npm run bench -- AREA NAME …      those whose name contains NAME; what follows is theirs
 *     npm run bench -- AREA-NAME …      that one alone
 *     npm run bench -- AREA --peers …   the same work on the reference systems: bench/AREA/peers/compare.ts
 *
 * What a benchmark returns is kept in bench/results/AREA-NAME.json. The exit code is 1 where a benchmark failed.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Benchmark, runInChild } from './child.js'

const here = dirname(fileURLToPath(import.meta.url))
const results = join(here, '..', '..', 'bench', 'results')
const machine = { cpu: cpus()[0].model, cores: availableParallelism(), memoryGB: Math.round(totalmem() / 2 ** 30), node: process.version }

async function runAndKeep(area: string, title: string, command: string, file: string, args: readonly string[]): Promise<void> {
  console.log(`\n${area} / ${title}`)
  const ran = await runInChild(file, args).catch((error: Error) => {
    console.error(error.message)
    process.exitCode = 1
  })
  if (ran === undefined) return
  const { outcome, chart, table } = ran
  mkdirSync(results, { recursive: true })
  const more = typeof outcome === 'object' && !Array.isArray(outcome) ? outcome : { rows: outcome }
  const kept = { date: new Date().toISOString().slice(0, 10), machine, command: ['npm run bench --', command, ...args].join(' '), ...more }
  writeFileSync(join(results, `${area}-${title}.json`), `${JSON.stringify(kept, null, 2)}\n`)
  if (table) writeFileSync(join(results, `${area}-${title}.md`), table)
  if (chart) writeFileSync(join(results, `${area}-${title}.svg`), chart)
}

/** Whose name contains `name`; the long ones only if it is their name. */
async function benchmarksOf(area: string, name: string): Promise<string[]> {
  const titles: string[] = []
  for (const file of readdirSync(join(here, area)).filter((file) => file.endsWith('.js') && file.includes(name))) {
    const title = basename(file, '.js')
    const { onlyByName }: Benchmark = await import(join(here, area, file))
    if (!onlyByName || title === name) titles.push(title)
  }
  return titles
}

function usage(problem: string): void {
  console.error(`usage: npm run bench -- AREA [NAME | --peers] [ARGUMENTS]; ${problem}`)
  process.exitCode = 2
}

async function main(given: string[]): Promise<void> {
  const words = given.filter((word) => word !== '--peers')
  const peers = given.includes('--peers')
  const areas = readdirSync(here, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
  const [, ...both] = /^(\w+)-(\w.*)$/.exec(words[0] ?? '') ?? []
  const [area, name = '', ...args] = areas.includes(both[0]!) ? [...both, ...words.slice(1)] : words
  if (!area || !areas.includes(area)) return usage(`AREA is one of ${areas.join(', ')}${area ? `, not ${area}` : ''}`)
  const compare = join(here, area, 'peers', 'compare.js')
  if (peers && !existsSync(compare)) return usage(`${area} has no peers/compare.ts: its benchmarks measure their peers beside themselves`)
  const titles = peers ? [] : await benchmarksOf(area, name)
  if (!peers && titles.length === 0) return usage(`no benchmark of ${area} has '${name}' in its name`)
  console.log(`${machine.cpu}, ${machine.cores} cores, ${machine.memoryGB} GB, Node ${machine.node}`)
  if (peers) await runAndKeep(area, 'peers', `${area} --peers`, compare, name === '' ? [] : [name, ...args])
  for (const title of titles) await runAndKeep(area, title, `${area} ${title}`, join(here, area, `${title}.js`), args)
}

await main(process.argv.slice(2))
