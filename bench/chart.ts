/** Charts as SVG text, for the README: no library, no fonts of their own, readable on light and dark pages. */

interface Line {
  readonly label: string
  /** [x, y] */
  readonly points: readonly (readonly [number, number])[]
}

export interface LineChart {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly lines: readonly Line[]
  /** Powers of ten at equal distances; x must be positive. */
  readonly logX?: boolean
  /** A horizontal mark, such as the return that counts as solved. */
  readonly mark?: { readonly y: number; readonly label: string }
  /** The lines' names beside them instead of in the corner below right, where lines may lie. */
  readonly namesBeside?: boolean
}

const WIDTH = 720
const HEIGHT = 320
const LEFT = 56
const RIGHT = 32
const NAMES = 150
const TOP = 36
const BOTTOM = 44
const TICKS = 5
const COLOURS = ['#0b7285', '#c92a2a', '#5f3dc4', '#e67700', '#2b8a3e', '#495057', '#d6336c']

const escapeXml = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const thousands = (value: number) => value.toLocaleString('en-US')

/** The smallest 1, 2 or 5 times a power of ten that gives about five steps up to `most`. */
function tickStep(most: number): number {
  const rough = most / TICKS
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
}

/** Where a value lies along an axis, 0 … 1, and which values are marked there. */
interface Axis {
  at(value: number): number
  readonly ticks: readonly number[]
}

function linearAxis(most: number): Axis {
  const step = tickStep(most)
  const steps = Math.ceil(most / step)
  return { at: (value) => value / (steps * step), ticks: Array.from({ length: steps + 1 }, (_, i) => i * step) }
}

function logarithmicAxis(values: readonly number[]): Axis {
  const first = Math.floor(Math.log10(Math.min(...values)))
  const last = Math.ceil(Math.log10(Math.max(...values)))
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i))
  return { at: (value) => (Math.log10(value) - first) / (last - first), ticks }
}

export function lineChart({ title, x, y, lines, logX = false, mark, namesBeside = false }: LineChart): string {
  const right = namesBeside ? NAMES : RIGHT
  const points = lines.flatMap((line) => line.points)
  const xs = points.map((point) => point[0])
  const axisX = logX ? logarithmicAxis(xs) : linearAxis(Math.max(...xs))
  const axisY = linearAxis(Math.max(mark?.y ?? 0, ...points.map((point) => point[1])))
  const atX = (value: number) => LEFT + axisX.at(value) * (WIDTH - LEFT - right)
  const atY = (value: number) => HEIGHT - BOTTOM - axisY.at(value) * (HEIGHT - TOP - BOTTOM)
  const text = (at: string, content: string, more = '') => `<text ${at} ${more}>${escapeXml(content)}</text>`
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff" rx="6"/>`,
    text(`x="${LEFT}" y="22"`, title, 'font-weight="600"'),
    text(`x="${(LEFT + WIDTH - right) / 2}" y="${HEIGHT - 8}"`, x, 'text-anchor="middle"'),
    text(`x="14" y="${(TOP + HEIGHT - BOTTOM) / 2}"`, y, `text-anchor="middle" transform="rotate(-90 14 ${(TOP + HEIGHT - BOTTOM) / 2})"`),
  ]
  for (const value of axisY.ticks) {
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - right}" y1="${atY(value)}" y2="${atY(value)}" stroke="#e9ecef"/>`)
    parts.push(text(`x="${LEFT - 6}" y="${atY(value) + 4}"`, thousands(value), 'text-anchor="end"'))
  }
  for (const value of axisX.ticks) {
    parts.push(text(`x="${atX(value)}" y="${HEIGHT - BOTTOM + 18}"`, thousands(value), 'text-anchor="middle"'))
  }
  if (mark) {
    const dashes = 'stroke="#868e96" stroke-dasharray="6 4"'
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - right}" y1="${atY(mark.y)}" y2="${atY(mark.y)}" ${dashes}/>`)
    parts.push(text(`x="${LEFT + 6}" y="${atY(mark.y) - 6}"`, mark.label))
  }
  lines.forEach(({ label, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const path = points.map((point) => `${atX(point[0]).toFixed(1)},${atY(point[1]).toFixed(1)}`).join(' ')
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.8"/>`)
    const corner = `x="${WIDTH - right - 8}" y="${HEIGHT - BOTTOM - 14 - 16 * (lines.length - 1 - i)}"`
    const beside = `x="${WIDTH - right + 8}" y="${TOP + 14 + 16 * i}"`
    parts.push(namesBeside ? text(beside, label, `fill="${colour}"`) : text(corner, label, `text-anchor="end" fill="${colour}"`))
  })
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#212529"'
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" ${style}>\n${parts.join('\n')}\n</svg>\n`
}
