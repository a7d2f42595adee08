/**
 * Ours beside the peers', in one run on one machine: Ray's own microbenchmark, and Node's pools of threads. Ours runs half before Ray
 * and half after it, so that a machine that grows slower or faster meanwhile shows in the spread and favours neither.
 *
 *     npm run bench -- core --peers                   all; a quarter of an hour, and what it installs
 *     npm run bench -- core --peers 'tasks sync'      rows whose name contains these words
 *
 * What is measured is kept until all is: a run that was interrupted, or could not install a peer, goes on when it is started again.
 */
import { fileURLToPath } from 'node:url'
import { runInChild } from '../../child.js'
import { type Row, windows } from '../../timeit.js'
import { folder, installRay, ownVersions, POOLS } from './installed.js'
import { Kept } from './kept.js'
import type { PoolRows } from './pools.js'
import { rayMicrobenchmark } from './ray.js'
import { type Compared, type Comparison, printTable } from './table.js'

export { chart, table } from './table.js'

/** @param args a word that the names of Ray's rows to run contain; default all */
export async function run(args: readonly string[]): Promise<Comparison> {
  const versions: Record<string, string> = ownVersions()
  const kept = new Kept(folder, JSON.stringify([args, windows, versions, POOLS]))
  const before = await kept.once('gymnura, first half of the windows', () => halfOfOurs(args))
  const missing: string[] = []
  let theirs: readonly Row[] = []
  try {
    console.log('\nray: installing, if it is not there')
    versions.ray = await installRay()
    theirs = await rayRows(kept, versions.ray, args[0] ?? '')
  } catch (error) {
    missing.push('ray')
    console.log(`ray is left out: ${error instanceof Error ? error.message : error}`)
  }
  const after = await kept.once('gymnura, second half of the windows', () => halfOfOurs(args))
  console.log('\npools of threads')
  const pools = kept.get<PoolRows[]>('pools') ?? ((await runInChild(compiled('./pools.js'))).outcome as PoolRows[])
  const poolRows = pools.flatMap(besidePools)
  const lacking = Object.entries(POOLS).filter(([name]) => poolRows.every(({ peer }) => peer?.name !== name))
  for (const [name, version] of Object.entries(POOLS)) if (!lacking.some(([one]) => one === name)) versions[name] = version
  if (lacking.length === 0) kept.set('pools', pools)
  missing.push(...lacking.map(([name]) => name))
  const rows = [...besideRay(pooled(before, after), theirs), ...poolRows]
  printTable(rows)
  if (missing.length === 0) kept.remove()
  else console.log(`\nwithout ${missing.join(', ')}: start it again to measure only what is missing`)
  return { versions, resumed: kept.resumed, rows }
}

const compiled = (path: string) => fileURLToPath(new URL(path, import.meta.url))

async function halfOfOurs(args: readonly string[]): Promise<Row[]> {
  console.log('\ngymnura, half of the windows')
  const { outcome } = await runInChild(compiled('../ray-perf.js'), args, { BENCH_WINDOWS: String(Math.ceil(windows.count / 2)) })
  return outcome as Row[]
}

/** Row by row: what an earlier run has measured is not measured again. */
async function rayRows(kept: Kept, version: string, pattern: string): Promise<readonly Row[]> {
  const rows = kept.get<Row[]>('ray') ?? []
  if (kept.has('ray is complete')) return rows
  console.log(`\nray ${version}, ray microbenchmark: about 20 s a row${rows.length > 0 ? `, ${rows.length} rows measured before` : ''}`)
  await rayMicrobenchmark(
    pattern,
    rows.map(({ name }) => name),
    (row) => {
      rows.push(row)
      kept.set('ray', rows)
    },
  )
  kept.set('ray is complete', true)
  return rows
}

/** Two equally long series as one. */
function pooled(first: readonly Row[], second: readonly Row[]): Row[] {
  return first.map(({ name, unit, mean, sd }, i) => {
    const other = second[i]
    const middle = (mean + other.mean) / 2
    const variance = (sd ** 2 + other.sd ** 2) / 2 + ((mean - other.mean) / 2) ** 2
    return { name, unit, mean: middle, sd: Math.sqrt(variance) }
  })
}

function besideRay(ours: readonly Row[], theirs: readonly Row[]): Compared[] {
  const strangers = theirs.filter(({ name }) => ours.every((row) => row.name !== name))
  if (strangers.length > 0) throw new Error(`rows of Ray without a twin here: ${strangers.map(({ name }) => name).join(', ')}`)
  return ours.map((row) => {
    const twin = theirs.find(({ name }) => name === row.name)
    return twin === undefined ? row : beside(row, 'ray', twin)
  })
}

function besidePools({ work, rows: [ours, ...theirs] }: PoolRows): Compared[] {
  return theirs.map((row) => beside({ ...ours, name: work }, row.name, row))
}

function beside(ours: Row, name: string, { mean, sd }: Row): Compared {
  return { ...ours, peer: { name, mean, sd }, ratio: ours.mean / mean }
}
