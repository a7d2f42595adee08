/** What the comparison found: a table in Markdown and a chart. */
import { groupedBars } from '../../grouped-bars.js'
import { type Measured, shownRate } from '../rows/stepping.js'
import type { Comparison } from './compare.js'
import { MANY, QUESTIONS } from './small-tasks.js'
import { type Answer, shownRatio } from './turns.js'

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const head = (cells: readonly string[]) => [row(cells), row(cells.map(() => '---'))]
const rateOf = (measured: Measured | undefined | null) => (measured ? shownRate(measured.median) : '')

function answerCells({ best, gymnura, peers, ratio }: Answer): string[] {
  return [rateOf(gymnura), best === null ? '' : `${rateOf(peers[best])} ${best}`, shownRatio(ratio)]
}

export function table({ box2d, mujoco, pins, rounds, small, windowMs }: Comparison): string {
  const lines = [
    `Steps a second, random actions, resets included; medians of ${rounds} windows of ${windowMs} ms, all in turn; ${pins.join(', ')}.`,
    'One core, but for the last column: there two threads with 1,024 environments each beside two processes of the fastest peer, and',
    'EnvPool with two threads. Beside each figure the fastest peer and ours by its.',
    '',
    ...head(['environment', ...Object.values(QUESTIONS).flatMap((title) => [title, 'fastest peer', 'ratio'])]),
    ...small.map((one) =>
      row([one.env, ...Object.keys(QUESTIONS).flatMap((question) => answerCells(one[question as keyof typeof QUESTIONS]))]),
    ),
  ]
  if (box2d.length > 0) {
    lines.push('', 'Box2D, one environment (EnvPool: 8 on one thread).', '')
    lines.push(...head(['environment', 'gymnura', 'Gymnasium', 'ratio', 'EnvPool', 'ratio']), ...box2d.map(box2dRow))
  }
  if (mujoco.length > 0) {
    lines.push(
      '',
      'MuJoCo. The bare loop is `mj_step` and `mj_rnePostConstraint` alone, on the same WebAssembly or on the native library.',
      '',
    )
    const titles = [
      'environment',
      'gymnura',
      'bare loop',
      'of it',
      'native loop',
      'of it',
      '2 threads',
      'by the bare loop',
      'async, 2 workers',
      'by the bare loop',
      'Gymnasium',
      'EnvPool',
    ]
    lines.push(...head(titles), ...mujoco.map(mujocoRow))
  }
  return `${lines.join('\n')}\n`
}

function besides({ gymnura, peers }: Answer, name: string): string[] {
  const peer = peers[name]
  return [rateOf(peer), peer ? shownRatio(gymnura.median / peer.median) : '']
}

function box2dRow({ env, single }: Comparison['box2d'][number]): string {
  return row([env, rateOf(single.gymnura), ...besides(single, 'gymnasium'), ...besides(single, 'envpool')])
}

function mujocoRow(one: Comparison['mujoco'][number]): string {
  const { bare, env, native, ofBare, ofNative, single, threads, threadsByBare, workers, workersByBare } = one
  const peers = [rateOf(single.peers.gymnasium), rateOf(single.peers.envpool)]
  const shares = [rateOf(bare), ofBare.toFixed(2), rateOf(native), ofNative?.toFixed(2) ?? '']
  shares.push(rateOf(threads), threadsByBare.toFixed(2), rateOf(workers), workersByBare.toFixed(2))
  return row([env, rateOf(single.gymnura), ...shares, ...peers])
}

const SERIES = ['gymnura', 'gymnasium vector', 'gymnasium sync', 'envpool sync', 'envpool async', 'gymnax', 'minatar']

export function chart({ small }: Comparison): string {
  return groupedBars({
    title: `Steps a second on one core, ${MANY} environments, random actions, resets included`,
    unit: 'steps/s',
    series: SERIES,
    groups: small.map(({ env, many }) => ({
      label: env,
      values: SERIES.map((name) => (name === 'gymnura' ? many.gymnura.median : (many.peers[name]?.median ?? null))),
    })),
  })
}
