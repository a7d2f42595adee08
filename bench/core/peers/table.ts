/** The comparison for readers: a table in the terminal and in Markdown, and a chart. */
import { barChart } from '../../bar-chart.js'
import { figure, type Row } from '../../timeit.js'

export interface Compared extends Row {
  readonly peer?: { readonly name: string; readonly mean: number; readonly sd: number }
  /** Ours by the peer's. */
  readonly ratio?: number
}

export interface Comparison {
  readonly versions: Readonly<Record<string, string>>
  /** How often the run was interrupted and taken up again. */
  readonly resumed: number
  readonly rows: readonly Compared[]
}

const HEAD = ['work', 'gymnura', 'peer', "peer's", 'ratio']

function cellsOf({ name, unit, mean, sd, peer, ratio }: Compared): string[] {
  return [
    name,
    `${figure(mean)} ± ${figure(sd)} ${unit}`,
    peer?.name ?? '',
    peer === undefined ? '' : `${figure(peer.mean)} ± ${figure(peer.sd)} ${unit}`,
    ratio === undefined ? '' : `${figure(ratio)}×`,
  ]
}

export function printTable(rows: readonly Compared[]): void {
  const lines = [HEAD, ...rows.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  console.log()
  for (const line of lines) console.log(line.map((cell, column) => cell.padEnd(widths[column])).join('  '))
}

export function table({ versions, rows }: Comparison): string {
  const named = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cellsOf)]
  const text = lines.map((line) => `| ${line.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n')
  return `${text}\n\nMean ± standard deviation over the windows of one run on one machine (single client put and plain copy: median ± half the interquartile range of calls that alternate); ${named.join(', ')}.\n`
}

/** How many times as much we do as each peer, where there is a peer. */
export function chart({ rows, versions }: Comparison): string {
  const bars = rows.flatMap(({ name, peer, ratio }) =>
    peer === undefined || ratio === undefined ? [] : [{ label: `${name} · ${peer.name}`, value: ratio, note: `${figure(ratio)}×` }],
  )
  return barChart({
    title: `Work a second as a multiple of the peer's, same machine, same run (gymnura ${versions.gymnura})`,
    bars,
    mark: 1,
  })
}
