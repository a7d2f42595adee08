/** A view of a server as lines for a terminal. */
import pc from 'picocolors'
import { bar, bytes, decimals, duration, ms, NOTHING, percent, rate, sparkline } from './numbers.js'
import type { ApplicationView, ModelView, View } from './reading.js'

export interface Frame {
  readonly url: string
  readonly view: View
  /** Queries a second of each application, the newest last. */
  readonly history: ReadonlyMap<string, readonly number[]>
  readonly intervalS: number
  /** What is wrong now, if anything is. */
  readonly trouble: string | undefined
}

/** A cell: what it holds, and how it is dressed once it has its width. */
interface Cell {
  readonly text: string
  readonly dress?: (text: string) => string
}

interface Column {
  readonly title: string
  readonly width: number
  readonly right?: boolean
}

const BAR = 10
const plain = (text: string): string => text

function row(columns: readonly Column[], cells: readonly Cell[]): string {
  return columns
    .map(({ width, right }, i) => {
      const { text, dress = plain } = cells[i]!
      const shown = text.length > width ? `${text.slice(0, width - 1)}…` : text
      return dress(right ? shown.padStart(width) : shown.padEnd(width))
    })
    .join('  ')
}

const heading = (columns: readonly Column[]) =>
  row(
    columns,
    columns.map(({ title }) => ({ text: title, dress: pc.dim })),
  )

const late = (value: number | null, sloMs: number) => (value !== null && value > sloMs / 2 ? pc.yellow : plain)
const bad = (share: number | null) => (share !== null && share > 0 ? (share >= 0.01 ? pc.red : pc.yellow) : plain)

function applicationLines(applications: readonly ApplicationView[], { history }: Frame, nameWidth: number, width: number): string[] {
  const columns: Column[] = [
    { title: 'APPLICATION', width: nameWidth },
    { title: 'queries/s', width: 9, right: true },
    { title: 'p50', width: 8, right: true },
    { title: 'p99', width: 8, right: true },
    { title: 'objective', width: 9, right: true },
    { title: 'defaults', width: 8, right: true },
    { title: 'shed/s', width: 6, right: true },
  ]
  const used = columns.reduce((sum, column) => sum + column.width + 2, 0)
  const recent = Math.max(0, Math.min(60, width - used))
  const lines = [`${heading(columns)}${recent >= 8 ? `  ${pc.dim('lately')}` : ''}`]
  for (const one of applications) {
    const { name, queriesPerS, p50Ms, p99Ms, sloMs, defaultShare, shedPerS } = one
    const cells = [
      { text: name, dress: pc.bold },
      { text: rate(queriesPerS) },
      { text: ms(p50Ms), dress: late(p50Ms, sloMs) },
      { text: ms(p99Ms), dress: late(p99Ms, sloMs) },
      { text: ms(sloMs), dress: pc.dim },
      { text: percent(defaultShare), dress: bad(defaultShare) },
      { text: rate(shedPerS), dress: shedPerS > 0 ? pc.red : plain },
    ]
    lines.push(`${row(columns, cells)}${recent >= 8 ? `  ${pc.cyan(sparkline(history.get(name) ?? [], recent))}` : ''}`)
    lines.push(...armLines(one, nameWidth))
  }
  return lines
}

/** Only where there is something to choose. */
function armLines({ selection, arms }: ApplicationView, nameWidth: number): string[] {
  if (arms.length < 2 && selection === 'fixed') return []
  const columns: Column[] = [
    { title: `  ${selection}`, width: nameWidth },
    { title: 'share', width: 9, right: true },
    { title: '', width: BAR },
    { title: 'weight', width: 7, right: true },
    { title: 'reward', width: 7, right: true },
    { title: 'feedback/s', width: 10, right: true },
  ]
  const best = Math.max(...arms.map(({ weight }) => weight ?? 0))
  const lines = arms.map(({ name, model, share, weight, meanReward, feedbackPerS }, i) => {
    const branch = i === arms.length - 1 ? '└' : '├'
    const shown = name === model ? name : `${name} (${model.slice(model.indexOf(':') + 1)})`
    const dress = weight !== null && weight === best && arms.length > 1 ? pc.green : plain
    return row(columns, [
      { text: `  ${branch} ${shown}` },
      { text: percent(share), dress },
      { text: bar(share, BAR), dress: dress === plain ? pc.blue : dress },
      { text: decimals(weight, 2), dress },
      { text: decimals(meanReward, 2) },
      { text: rate(feedbackPerS) },
    ])
  })
  return [heading(columns), ...lines]
}

function containersOf({ containers }: ModelView): string {
  return containers
    .map(({ ready, pid, restarts }) => {
      const state = ready ? pc.green('●') : pc.red('○')
      const who = ready ? (pid === undefined ? 'ready' : String(pid)) : 'starting'
      return `${state} ${who}${restarts > 0 ? pc.yellow(` ↻${restarts}`) : ''}`
    })
    .join('  ')
}

function modelLines(models: readonly ModelView[], nameWidth: number): string[] {
  const columns: Column[] = [
    { title: 'MODEL', width: nameWidth },
    { title: 'inputs/s', width: 9, right: true },
    { title: 'batch', width: 8, right: true },
    { title: 'limit', width: 8, right: true },
    { title: 'queued', width: 9, right: true },
  ]
  const lines = models.map((model) => {
    const { name, version, current, inputsPerS, meanBatch, batchLimit, queued } = model
    const cells = [
      { text: `${name}:${version}${current ? ' *' : ''}`, dress: current ? pc.bold : plain },
      { text: rate(inputsPerS) },
      { text: decimals(meanBatch, 1) },
      { text: rate(batchLimit).replace('.0', ''), dress: pc.dim },
      { text: rate(queued).replace('.0', ''), dress: queued > batchLimit ? pc.yellow : plain },
    ]
    return `${row(columns, cells)}  ${containersOf(model)}`
  })
  return [`${heading(columns)}  ${pc.dim('containers')}`, ...lines]
}

function cacheLine({ cache: { hitShare, lookupsPerS, joinsPerS, entries, bytes: size } }: View): string {
  const hits = `${percent(hitShare).padStart(5)} hits ${pc.blue(bar(hitShare, BAR))}${pc.dim('░'.repeat(BAR - bar(hitShare, BAR).length))}`
  return `${pc.dim('CACHE')}  ${hits}  of ${rate(lookupsPerS)}/s, ${rate(joinsPerS)}/s joined, ${entries.toLocaleString('en-US')} kept, ${bytes(size)}`
}

/** @param width of the terminal, cells */
export function draw(frame: Frame, width: number): string[] {
  const { url, view, intervalS, trouble } = frame
  const names = [
    ...view.applications.flatMap(({ name, arms }) => [name.length, ...arms.map((arm) => arm.name.length + 4)]),
    ...view.models.map(({ name, version }) => name.length + version.length + 3),
  ]
  const nameWidth = Math.min(32, Math.max(16, ...names))
  const state = trouble === undefined ? pc.dim(`up ${duration(view.uptimeS)}, every ${intervalS} s, q ends`) : pc.red(trouble)
  const lines = [`${pc.bold('gymnura top')}  ${url}  ${state}`, '']
  if (view.applications.length > 0) lines.push(...applicationLines(view.applications, frame, nameWidth, width), '')
  if (view.models.length > 0) lines.push(...modelLines(view.models, nameWidth), '')
  if (view.applications.length + view.models.length === 0)
    lines.push('nothing is served yet; publish a model: gymnura publish POLICY --name NAME', '')
  lines.push(cacheLine(view))
  return lines.map((line) => fitted(line, width))
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that colours are made of.
const PART = /\x1b\[[\d;]*m|./gu

/** A line cut to the terminal's width; what colours it takes no room, and ends with it. */
function fitted(line: string, width: number): string {
  let left = width
  let out = ''
  for (const [part] of line.matchAll(PART)) {
    if (part.startsWith('\x1b')) out += part
    else if (left-- > 0) out += part
  }
  return out
}

/** One line for each application, for a pipe or a file. */
export function plainLines({ view }: Frame, time: Date): string[] {
  const { applications, models, cache } = view
  const queued = models.reduce((all, model) => all + model.queued, 0)
  const down = models.flatMap(({ containers }) => containers).filter(({ ready }) => !ready).length
  return applications.map(({ name, queriesPerS, p50Ms, p99Ms, defaultShare, shedPerS, arms }) => {
    const own = models.filter((model) => arms.some((arm) => arm.model === `${model.name}:${model.version}`))
    const batch = own.map(({ meanBatch }) => meanBatch).filter((size) => size !== null)
    const shares = arms.length > 1 ? arms.map((arm) => `${arm.name} ${percent(arm.share)}`) : []
    const fields = [
      `${name} ${rate(queriesPerS)}/s`,
      `p50 ${ms(p50Ms)}`,
      `p99 ${ms(p99Ms)}`,
      `defaults ${percent(defaultShare)}`,
      `shed ${rate(shedPerS)}/s`,
      `batch ${batch.length === 0 ? NOTHING : decimals(Math.max(...batch), 1)}`,
      `queued ${queued}`,
      `cache ${percent(cache.hitShare)}`,
      ...shares,
      ...(down > 0 ? [`${down} containers down`] : []),
    ]
    return `${time.toTimeString().slice(0, 8)} ${fields.join(', ')}`
  })
}
