import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { barChart } from '../../bench/bar-chart.js'
import { chart, table } from '../../bench/core/peers/table.js'

const comparison = {
  versions: { gymnura: '1.2.3', ray: '2.60.0' },
  resumed: 0,
  rows: [
    { name: 'tasks sync', unit: '/s', mean: 200_000, sd: 1000, peer: { name: 'ray', mean: 400, sd: 4 }, ratio: 500 },
    { name: 'ours | alone', unit: '/s', mean: 5, sd: 0.5 },
  ],
}

test('the comparison is a Markdown table with spreads, ratios and versions', () => {
  const lines = table(comparison).split('\n')
  assert.is(lines[2], '| tasks sync | 200,000 ± 1,000 /s | ray | 400 ± 4 /s | 500× |')
  assert.is(lines[3], '| ours \\| alone | 5 ± 0.5 /s |  |  |  |')
  assert.match(lines[5]!, /gymnura 1\.2\.3, ray 2\.60\.0/)
})

test('its chart has a bar for each row with a peer', () => {
  const svg = chart(comparison)
  assert.match(svg, /^<svg .*tasks sync · ray.*500×.*<\/svg>\n$/s)
  assert.not.match(svg, /alone/)
})

test('bars grow from the mark: to the right where a value is more, to the left where it is less', () => {
  const bars = [
    { label: 'more', value: 100, note: 'a' },
    { label: 'less', value: 0.01, note: 'b' },
  ]
  const rectangles = barChart({ title: 'both', bars, mark: 1 }).matchAll(/<rect x="([\d.]+)" y="\d+" width="([\d.]+)"/g)
  const [more, less] = [...rectangles].map(([, x, width]) => ({ from: Number(x), to: Number(x) + Number(width) }))
  assert.ok(Math.abs(more!.from - less!.to) < 0.2)
  assert.ok(more!.to > more!.from && less!.to > less!.from)
})

test.run()
