import type { Readable } from 'node:stream'

/** A longer line is cut. */
const LONGEST_LINE = 4_000
/** A container that says more is not heard until the next second: a flood must not push everything else out of the log. */
const LINES_A_SECOND = 200

/** What a container prints. */
export type OutputName = 'stdout' | 'stderr'

/** Tells the lines of a container's output as they are printed. */
export function readLines(stream: Readable, tell: (line: string) => void): void {
  let open = ''
  let second = 0
  let told = 0
  let leftOut = 0
  const line = (text: string) => {
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) {
      if (leftOut > 0) tell(`(${leftOut} lines left out)`)
      second = now
      told = 0
      leftOut = 0
    }
    if (told++ < LINES_A_SECOND) tell(text.length > LONGEST_LINE ? `${text.slice(0, LONGEST_LINE)}…` : text)
    else leftOut++
  }
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (open + chunk).split(/\r?\n/)
    open = lines.pop()!
    for (const one of lines) if (one !== '') line(one)
    // A line without an end must not grow for ever.
    if (open.length > LONGEST_LINE) {
      line(open)
      open = ''
    }
  })
  stream.on('end', () => {
    if (open !== '') line(open)
    if (leftOut > 0) tell(`(${leftOut} lines left out)`)
  })
  stream.on('error', () => {})
}
