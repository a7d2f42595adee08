/** Horizontal bars on a logarithmic axis as SVG text, for the README: no library, no fonts of its own, readable on light and dark pages. */
export interface BarChart {
  readonly title: string
  /** Positive values. `note` stands behind the bar. */
  readonly bars: readonly { readonly label: string; readonly value: number; readonly note: string }[]
  /** Bars grow from here: to the right where the value is more, to the left where it is less. */
  readonly mark: number
  /** Default 'more'. */
  readonly better?: 'more' | 'less'
}

const WIDTH = 860
const LEFT = 370
const RIGHT = 150
const TOP = 36
const BOTTOM = 30
const ROW = 18
const GOOD = '#0b7285'
const BAD = '#c92a2a'

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

export function barChart({ title, bars, mark, better = 'more' }: BarChart): string {
  const values = [...bars.map(({ value }) => value), mark]
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))))
  const at = (value: number) => LEFT + ((Math.log10(value) - first) / (last - first)) * (WIDTH - LEFT - RIGHT)
  const height = TOP + ROW * bars.length + BOTTOM
  const parts = [
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff" rx="6"/>`,
    `<text x="16" y="22" font-weight="600">${escapeXml(title)}</text>`,
  ]
  for (let power = first; power <= last; power++) {
    const x = at(10 ** power).toFixed(1)
    parts.push(`<line x1="${x}" x2="${x}" y1="${TOP}" y2="${height - BOTTOM}" stroke="#e9ecef"/>`)
    parts.push(`<text x="${x}" y="${height - BOTTOM + 18}" text-anchor="middle">${(10 ** power).toLocaleString('en-US')}×</text>`)
  }
  bars.forEach(({ label, value, note }, i) => {
    const y = TOP + ROW * i
    const [from, to] = [Math.min(at(mark), at(value)), Math.max(at(mark), at(value))]
    parts.push(`<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escapeXml(label)}</text>`)
    parts.push(
      `<rect x="${from.toFixed(1)}" y="${y + 3}" width="${(to - from).toFixed(1)}" height="${ROW - 6}" fill="${(better === 'more') === value >= mark ? GOOD : BAD}"/>`,
    )
    parts.push(`<text x="${(to + 5).toFixed(1)}" y="${y + 13}">${escapeXml(note)}</text>`)
  })
  const x = at(mark).toFixed(1)
  parts.push(`<line x1="${x}" x2="${x}" y1="${TOP}" y2="${height - BOTTOM}" stroke="#212529"/>`)
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#212529"'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ${style}>\n${parts.join('\n')}\n</svg>\n`
}
