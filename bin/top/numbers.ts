/** Numbers as a glance wants them. */

export const NOTHING = '–'

const grouped = (value: number, digits: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })

export const rate = (perSecond: number) => (perSecond === 0 ? '0' : grouped(perSecond, perSecond < 10 ? 1 : 0))
export const ms = (value: number | null) => (value === null ? NOTHING : `${grouped(value, value < 10 ? 1 : 0)} ms`)
export const percent = (share: number | null) => (share === null ? NOTHING : `${grouped(100 * share, share > 0 && share < 0.1 ? 1 : 0)} %`)
export const decimals = (value: number | null, digits: number) => (value === null ? NOTHING : grouped(value, digits))

const UNITS = ['B', 'KiB', 'MiB', 'GiB']

export function bytes(count: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, count)) / 10))
  return `${grouped(count / 1024 ** step, step > 0 ? 1 : 0)} ${UNITS[step]}`
}

export function duration(seconds: number): string {
  const whole = Math.floor(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  if (whole < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
  return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of at most `width` cells, to an eighth of a cell. */
export function bar(share: number | null, width: number): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share ?? 0)) * width * 8)
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]
}

const STEPS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']

/** The last values as columns, as high as they are of the largest. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width)
  const most = Math.max(...shown, 0)
  return shown.map((value) => (most === 0 ? STEPS[0] : STEPS[Math.min(7, Math.round((value / most) * 7))])).join('')
}
