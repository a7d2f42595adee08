/** The comparison for readers: two tables in Markdown and a chart. */
import { groupedBars } from '../../grouped-bars.js'
import { markdownTable } from '../parts/markdown.js'
import { GOAL } from '../parts/open-loop.js'
import { good } from '../parts/tally.js'
import type { Again, Comparison } from './compare.js'
import { goalsOf } from './goals.js'
import type { Loaded, Row } from './measure.js'

const whole = (value: number) => Math.round(value).toLocaleString('en')
const ms = (value: number) => value.toFixed(value < 1 ? 2 : value < 10 ? 1 : 0)

function loadCell(load: Loaded): string {
  const wrong = load.defaults + load.refused
  return `${whole(good(load))} (${ms(load.p50Ms)}/${ms(load.p99Ms)})${wrong >= 0.001 ? `, ${(100 * wrong).toFixed(1)} % wrong` : ''}`
}

function recoveryCell({ recovery }: Row): string {
  if (recovery === null) return ''
  const { seconds, defaults, errors, silent } = recovery
  const meanwhile = [
    [defaults, 'defaults'],
    [errors, 'errors'],
    [silent, 'without an answer'],
  ].flatMap(([count, what]) => (count ? [`${count} ${what}`] : []))
  return `${seconds === null ? 'not in 20 s' : `${seconds.toFixed(2)} s`}${meanwhile.length > 0 ? ` (${meanwhile.join(', ')})` : ''}`
}

function cells(row: Row): string[] {
  return [
    row.name,
    loadCell(row.one),
    loadCell(row.many),
    row.batchInputsPerSecond === null ? 'refused' : whole(row.batchInputsPerSecond),
    row.blocks === null ? '' : whole(row.blocks.rowsPerSecond),
    row.open.rate === 0 ? 'none' : whole(row.open.rate),
    `${row.firstAnswerSeconds.toFixed(2)} s`,
    `${whole(row.memoryMB)} / ${whole(row.memoryLoadedMB)}`,
    recoveryCell(row),
    `${whole(row.many.serverUs)} + ${whole(row.many.clientUs)}`,
  ]
}

function againLine({ name, one, many }: Again): string {
  return `${name} ${loadCell(one)} and ${loadCell(many)}`
}

export function table(comparison: Comparison): string {
  const { again, missing, pins, rows, seconds } = comparison
  const head = [
    'system',
    '1 connection, /s (p50/p99 ms)',
    '64 connections, /s (p50/p99 ms)',
    '64 inputs a request, inputs/s',
    'binary blocks, rows/s',
    `highest open loop, /s`,
    'first 200',
    'memory, MB: started / loaded',
    'after kill -9 of the model',
    'at 64: µs of a core, server + load generator',
  ]
  const goals = goalsOf(comparison).map(({ goal, figure, met }) => [goal, figure, met ? 'yes' : '**no**'])
  const notes = [
    `One 4-64-64-2 network, each system alone on a fresh start, windows of ${seconds} s; ${pins.join(', ')}.`,
    `Rates are of good answers. Open loop: every request timed from when it was due, over 256 connections; the highest rate of those tried with p99 ≤ ${GOAL.p99Ms} ms and less than 1 % defaults and errors. Objective of ours 20 ms, no cache.`,
    'Memory is PSS over all processes. The load generator shares the two cores with what it loads.',
  ]
  if (again.length > 0) notes.push(`Once more at the end of the run, 1 connection and 64: ${again.map(againLine).join('; ')}.`)
  for (const [name, why] of Object.entries(missing)) notes.push(`Left out: ${name}: ${why}`)
  const parts = [markdownTable(head, rows.map(cells)), `${notes.join('\n')}\n`]
  if (goals.length > 0) parts.push(markdownTable(['goal', 'figure', 'met'], goals))
  return parts.join('\n')
}

export function chart({ rows }: Comparison): string {
  return groupedBars({
    title: 'The same network behind HTTP: good answers a second',
    unit: 'answers a second',
    series: ['64 connections', 'highest open loop with p99 ≤ 20 ms', '1 connection'],
    groups: rows.map(({ name, one, many, open }) => ({
      label: name,
      values: [good(many), open.rate, good(one)].map((value) => (value > 0 ? value : null)),
    })),
  })
}
