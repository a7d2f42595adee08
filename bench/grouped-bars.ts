/** Bars on a logarithmic axis, several a row, as SVG text; bar-chart.ts is for ratios. */

interface GroupedBars {
  readonly title: string
  /** What the axis counts. */
  readonly unit: string
  /** Labels of the bars within a group, each with a colour of its own. */
  readonly series: readonly string[]
  /** A bar is left out where its value is null. */
  readonly groups: readonly { readonly label: string; readonly values: readonly (number | null)[] }[]
}

const WIDTH = 760
const LEFT = 200
const RIGHT = 60
const TOP = 56
const BOTTOM = 40
const BAR = 11
const GAP = 10
const COLOURS = ['#0b7285', '#74c0fc', '#c92a2a', '#e67700', '#5f3dc4', '#2b8a3e', '#495057', '#d6336c']

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const short = (value: number) =>
  value >= 1e6 ? `${+(value / 1e6).toPrecision(3)} M` : value >= 1e3 ? `${+(value / 1e3).toPrecision(3)} K` : `${+value.toPrecision(3)}`

export function groupedBars({ title, unit, series, groups }: GroupedBars): string {
  const values = groups.flatMap((group) => group.values.filter((value) => value !== null))
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.ceil(Math.log10(Math.max(...values)))
  const atX = (value: number) => LEFT + ((Math.log10(value) - first) / (last - first)) * (WIDTH - LEFT - RIGHT)
  const heights = groups.map((group) => group.values.filter((value) => value !== null).length * BAR + GAP)
  const height = TOP + heights.reduce((sum, own) => sum + own, 0) + BOTTOM
  const text = (x: number, y: number, content: string, more = '') => `<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`
  const parts = [`<rect width="${WIDTH}" height="${height}" fill="#ffffff" rx="6"/>`, text(16, 22, title, 'font-weight="600"')]
  let x = 16
  for (const [k, label] of series.entries()) {
    parts.push(`<rect x="${x}" y="32" width="10" height="10" fill="${COLOURS[k % COLOURS.length]}"/>`, text(x + 14, 41, label))
    x += 30 + label.length * 6.6
  }
  for (let power = first; power <= last; power++) {
    const at = atX(10 ** power)
    parts.push(`<line x1="${at}" x2="${at}" y1="${TOP}" y2="${height - BOTTOM}" stroke="#e9ecef"/>`)
    parts.push(text(at, height - BOTTOM + 16, short(10 ** power), 'text-anchor="middle"'))
  }
  let y = TOP
  for (const [g, group] of groups.entries()) {
    parts.push(text(LEFT - 8, y + (heights[g]! - GAP) / 2 + 6, group.label, 'text-anchor="end"'))
    y += GAP / 2
    for (const [k, value] of group.values.entries()) {
      if (value === null) continue
      const end = atX(value)
      parts.push(
        `<rect x="${LEFT}" y="${y}" width="${(end - LEFT).toFixed(1)}" height="${BAR - 2}" fill="${COLOURS[k % COLOURS.length]}"/>`,
      )
      parts.push(text(Number((end + 4).toFixed(1)), y + BAR - 3, short(value), 'font-size="9"'))
      y += BAR
    }
    y += GAP / 2
  }
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, height - 8, unit, 'text-anchor="middle"'))
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#212529"'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ${style}>\n${parts.join('\n')}\n</svg>\n`
}
