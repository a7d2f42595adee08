/** Ray's own microbenchmark: runs ray.sh and reads its rows. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { printRow, type Row } from '../../timeit.js'
import { rayCommand, rayEnvironment } from './installed.js'

/** As a shell tells Ctrl-C. */
const EXIT_INTERRUPTED = 130

/** `single client tasks sync per second 380.92 +- 4.25` */
export function parseRow(line: string): Row | undefined {
  const [, name, mean, sd] = /^(.+) per second ([\d.]+) \+- ([\d.]+)$/.exec(line) ?? []
  if (name === undefined) return undefined
  return { name, unit: name.includes('gigabytes') ? 'GB/s' : '/s', mean: Number(mean), sd: Number(sd) }
}

/**
 * Tells the rows whose name contains `pattern` as they come, except those in `done`. Takes about 20 s a row. Ray's processes have ended
 * when it settles; rejects if it did not come to its end.
 */
export async function rayMicrobenchmark(pattern: string, done: readonly string[], tell: (row: Row) => void): Promise<void> {
  const env = { ...rayEnvironment, GYMNURA_PEER_DONE: done.join('\n') }
  const child = spawn('bash', rayCommand('run', pattern), { env, stdio: ['ignore', 'pipe', 'inherit'] })
  // The script ends what it started when it is told to stop; then the whole comparison stops.
  let stopped = false
  const stop = () => {
    stopped = true
    child.kill('SIGTERM')
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, stop)
  let rows = 0
  const other: string[] = []
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const row = parseRow(line)
    if (row === undefined) other.push(line)
    else {
      rows++
      tell(row)
      printRow(row)
    }
  }
  const code = await ended
  if (stopped) process.exit(EXIT_INTERRUPTED)
  for (const signal of signals) process.off(signal, stop)
  if (code !== 0) {
    throw new Error(`its microbenchmark ended with exit code ${code} after ${rows} rows; its last lines:\n${other.slice(-10).join('\n')}`)
  }
}
