/** Bars made of parts that add up, as SVG text. */

interface StackedBars {
  readonly title: string
  readonly unit: string
  /** Each bar's parts by name; parts of the same name have the same colour. */
  readonly bars: readonly { readonly label: string; readonly parts: Readonly<Record<string, number>> }[]
}

const WIDTH = 860
const LEFT = 210
const RIGHT = 70
const TOP = 40
const BAR = 26
const GAP = 12
const BOTTOM = 28
const LEGEND_ROW = 18
const LEGEND_COLUMNS = 4
const COLOURS = [
  '#495057',
  '#adb5bd',
  '#74c0fc',
  '#0b7285',
  '#5f3dc4',
  '#e67700',
  '#2b8a3e',
  '#c92a2a',
  '#d6336c',
  '#fcc419',
  '#66a80f',
  '#9775fa',
]

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function stackedBars({ title, unit, bars }: StackedBars): string {
  const names = [...new Set(bars.flatMap(({ parts }) => Object.keys(parts)))]
  const sums = bars.map(({ parts }) => Object.values(parts).reduce((sum, value) => sum + value, 0))
  const scale = (WIDTH - LEFT - RIGHT) / Math.max(...sums)
  const legendTop = TOP + bars.length * (BAR + GAP) + BOTTOM
  const height = legendTop + LEGEND_ROW * Math.ceil(names.length / LEGEND_COLUMNS) + 8
  const text = (x: number, y: number, content: string, more = '') => `<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`
  const colour = (name: string) => COLOURS[names.indexOf(name) % COLOURS.length]
  const parts = [`<rect width="${WIDTH}" height="${height}" fill="#ffffff" rx="6"/>`, text(16, 22, title, 'font-weight="600"')]
  for (const [i, bar] of bars.entries()) {
    const y = TOP + i * (BAR + GAP)
    parts.push(text(LEFT - 8, y + BAR / 2 + 4, bar.label, 'text-anchor="end"'))
    let x = LEFT
    for (const [name, value] of Object.entries(bar.parts)) {
      const width = value * scale
      parts.push(`<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" fill="${colour(name)}"/>`)
      x += width
    }
    parts.push(text(Number((x + 5).toFixed(1)), y + BAR / 2 + 4, `${+sums[i]!.toPrecision(3)} ${unit}`))
  }
  for (const [i, name] of names.entries()) {
    const x = 16 + (i % LEGEND_COLUMNS) * ((WIDTH - 32) / LEGEND_COLUMNS)
    const y = legendTop + LEGEND_ROW * Math.floor(i / LEGEND_COLUMNS)
    parts.push(`<rect x="${x}" y="${y - 9}" width="10" height="10" fill="${colour(name)}"/>`, text(x + 14, y, name))
  }
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#212529"'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ${style}>\n${parts.join('\n')}\n</svg>\n`
}
