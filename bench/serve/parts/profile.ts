/** Where a process spends its time: a CPU profile, by what the code belongs to. */
import { readFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { fileURLToPath } from 'node:url'

const SAMPLE_US = 200

/** µs by part, idle time left out. */
export type Parts = Readonly<Record<string, number>>

export interface Profiling {
  stop(): Promise<Parts>
}

export async function startProfile(): Promise<Profiling> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: SAMPLE_US })
  await session.post('Profiler.start')
  return {
    stop: async () => {
      const { profile } = await session.post('Profiler.stop')
      session.disconnect()
      const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
      const parts: Record<string, number> = {}
      profile.samples!.forEach((id, i) => {
        const { functionName, lineNumber, url } = nodes.get(id)!
        const part = partOf(functionName, url, lineNumber)
        if (part !== undefined) parts[part] = (parts[part] ?? 0) + profile.timeDeltas![i]!
      })
      return parts
    },
  }
}

/** undefined: the thread was idle. */
function partOf(name: string, url: string, line: number): string | undefined {
  if (name === '(idle)') return undefined
  if (name === '(garbage collector)') return 'garbage collection'
  // What runs outside of JavaScript: system calls, above all.
  if (name === '(program)') return 'Node, native'
  if (url === '' || url.startsWith('node:')) return 'Node: sockets, HTTP'
  if (url.includes('/node_modules/')) return 'fastify'
  const [, room, path] = /\/dist\/(\w+)\/(.*)$/.exec(url) ?? []
  if (room === undefined) return 'other'
  const module = path!.startsWith('bundle/') ? moduleAt(fileURLToPath(url), line) : path!
  if (room === 'rl') return 'the model'
  if (room !== 'serve') return 'other'
  const folder = /^(\w[\w-]*)\//.exec(module)?.[1]
  return folder === undefined ? 'serve' : `serve/${folder}`
}

const bundles = new Map<string, readonly string[]>()

/** A bundle has a comment with its path before each module. */
function moduleAt(file: string, line: number): string {
  let lines = bundles.get(file)
  if (lines === undefined) {
    let current = ''
    lines = readFileSync(file, 'utf8')
      .split('\n')
      .map((text) => {
        current = /^\/\/ ([\w./-]+\.js)$/.exec(text)?.[1] ?? current
        return current
      })
    bundles.set(file, lines)
  }
  return lines[line] ?? ''
}
