/**
 * Ours beside the peers', in one run on one machine: Ray's own microbenchmark, and Node's pools of threads. Ours runs half before Ray
 * and half after it, so that a machine that grows slower or faster meanwhile shows in the spread and favours neither.
 */
import { fileURLToPath } from 'node:url'
import { runInChild } from '../../child.js'
import { figure, type Row, windows } from '../../timeit.js'
import { installRay, ownVersions, POOLS } from './installed.js'
import type { PoolRows } from './pools.js'
import { rayMicrobenchmark } from './ray.js'

interface Compared extends Row {
  readonly peer?: { readonly name: string; readonly mean: number; readonly sd: number }
  /** Ours by the peer's. */
  readonly ratio?: number
}

interface Comparison {
  readonly versions: Readonly<Record<string, string>>
  readonly rows: readonly Compared[]
}

/** @param args a word that the names of Ray's rows to run contain; default all */
export async function run(args: readonly string[]): Promise<Comparison> {
  const versions: Record<string, string> = ownVersions()
  const before = await halfOfOurs(args)
  let theirs: Row[] = []
  try {
    versions.ray = await installRay()
    console.log(`\nray ${versions.ray}, ray microbenchmark`)
    theirs = await rayMicrobenchmark(args[0] ?? '')
  } catch (error) {
    console.log(`ray is left out: ${error instanceof Error ? error.message : error}`)
  }
  const ours = pooled(before, await halfOfOurs(args))
  console.log('\npools of threads')
  const { outcome } = await runInChild(compiled('./pools.js'))
  const pools = (outcome as PoolRows[]).flatMap(besidePools)
  for (const [name, version] of Object.entries(POOLS)) if (pools.some(({ peer }) => peer?.name === name)) versions[name] = version
  const rows = [...besideRay(ours, theirs), ...pools]
  printTable(rows)
  return { versions, rows }
}

const compiled = (path: string) => fileURLToPath(new URL(path, import.meta.url))

async function halfOfOurs(args: readonly string[]): Promise<Row[]> {
  console.log('\ngymnura, half of the windows')
  const { outcome } = await runInChild(compiled('../ray-perf.js'), args, { BENCH_WINDOWS: String(Math.ceil(windows.count / 2)) })
  return outcome as Row[]
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

function printTable(rows: readonly Compared[]): void {
  const cells = rows.map(({ name, unit, mean, sd, peer, ratio }) => [
    name,
    `${figure(mean)} ± ${figure(sd)} ${unit}`,
    peer?.name ?? '',
    peer === undefined ? '' : `${figure(peer.mean)} ± ${figure(peer.sd)} ${unit}`,
    ratio === undefined ? '' : `${figure(ratio)}×`,
  ])
  const table = [['work', 'gymnura', 'peer', "peer's", 'ratio'], ...cells]
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  console.log()
  for (const row of table) console.log(row.map((cell, column) => cell.padEnd(widths[column])).join('  '))
}
