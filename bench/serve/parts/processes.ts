/** What a server's processes take, from /proc: it and all that descend from it, or carry the mark that it was started with. */
import { readdirSync, readFileSync } from 'node:fs'

/** In the environment of what is measured: daemons leave their parent, but keep what they inherited. */
export const MARK = 'GYMNURA_BENCH_SERVER'
/** Linux tells CPU time in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100
const NAME_END = ') '

interface Process {
  readonly parent: number
  readonly cpuSeconds: number
}

/** undefined where it has ended meanwhile. */
function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold anything.
    const fields = stat.slice(stat.lastIndexOf(NAME_END) + NAME_END.length).split(' ')
    if (fields[0] === 'Z') return undefined
    return { parent: Number(fields[1]), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND }
  } catch {
    return undefined
  }
}

function marked(pid: number, mark: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${mark}\0`)
  } catch {
    return false
  }
}

/** @param mark what {@link MARK} was set to; @param root a process that was started without it */
export function processesOf(mark: string | undefined, root?: number): Map<number, Process> {
  const all = new Map<number, Process>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const process = Number.isInteger(pid) ? readProcess(pid) : undefined
    if (process) all.set(pid, process)
  }
  const belongs = (pid: number): boolean => {
    if (pid === root || (mark !== undefined && marked(pid, mark))) return true
    const parent = all.get(pid)?.parent
    return parent !== undefined && parent > 1 && belongs(parent)
  }
  return new Map([...all].filter(([pid]) => belongs(pid)))
}

export function cpuSeconds(processes: ReadonlyMap<number, Process>): number {
  return [...processes.values()].reduce((sum, process) => sum + process.cpuSeconds, 0)
}

/** A process' memory, MB of 1,048,576 bytes. */
export interface Memory {
  /** All that is resident (RSS), pages of the program that other processes have too among it. */
  readonly resident: number
  /** Of shared pages its share (PSS). */
  readonly share: number
  /** What no other process has (USS). */
  readonly own: number
}

/** undefined where it has ended. */
export function memoryOf(pid: number): Memory | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const of = (what: string) => Number(new RegExp(`^${what}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) / 1024
    return { resident: of('Rss'), share: of('Pss'), own: of('Private_Clean') + of('Private_Dirty') }
  } catch {
    return undefined
  }
}

/** Memory, shared pages by their share (PSS), MB. */
export function memoryMB(processes: ReadonlyMap<number, Process>): number {
  return [...processes.keys()].reduce((sum, pid) => sum + (memoryOf(pid)?.share ?? 0), 0)
}
