/** Levels as pino numbers them. */
export const LOG_LEVELS = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60 } as const
export type LogLevel = keyof typeof LOG_LEVELS

/** Which lines somebody wants to see. */
export interface LogFilter {
  /** The lowest one; default 'info'. */
  readonly level?: LogLevel
  /** Of the request with this id (its `x-request-id`). */
  readonly request?: string
  /** Of a model, `name` or `name:version`. */
  readonly model?: string
}

/** A line, with what it can be found by. */
interface Entry {
  readonly text: string
  readonly level: number
  readonly request: unknown
  readonly model: unknown
}

const MOST_LINES = 10_000
const MOST_CHARS = 4 * 1024 ** 2

function matcher({ level = 'info', request, model }: LogFilter): (entry: Entry) => boolean {
  const lowest = LOG_LEVELS[level]
  const isOfModel = (of: unknown) => model === undefined || of === model || (typeof of === 'string' && of.startsWith(`${model}:`))
  return (entry) => entry.level >= lowest && (request === undefined || entry.request === request) && isOfModel(entry.model)
}

/**
 * The last lines of the log, in memory: at most 10,000, and 4 Mi characters; older ones make room. Whoever follows hears new ones as they
 * are written, finer ones than are kept too: while somebody follows 'debug' there is a line a request.
 */
export class LogBook {
  #entries: (Entry | undefined)[] = []
  /** The oldest one's place; what lay before has been dropped. */
  #first = 0
  #chars = 0
  readonly #followers = new Map<(text: string) => void, { readonly level: number; readonly wants: (entry: Entry) => boolean }>()

  /** @param keptLevel the lowest that is kept @param onLevel told the lowest level that anybody wants, whenever that changes */
  constructor(
    private readonly keptLevel: number,
    private readonly onLevel: (level: number) => void,
  ) {}

  /** @param text one line of JSON, without its end */
  write(text: string, level: number, { reqId, model }: { readonly reqId?: unknown; readonly model?: unknown }): void {
    const entry: Entry = { text, level, request: reqId, model }
    for (const [tell, { wants }] of this.#followers) if (wants(entry)) tell(text)
    if (level < this.keptLevel) return
    this.#entries.push(entry)
    this.#chars += text.length
    while (this.#entries.length - this.#first > MOST_LINES || this.#chars > MOST_CHARS) {
      this.#chars -= this.#entries[this.#first]!.text.length
      // Its place is moved later: the line itself must not stay until then.
      this.#entries[this.#first++] = undefined
    }
    // Moved rarely, so that each line costs the same.
    if (this.#first > MOST_LINES) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
  }

  /** The newest `most` lines that fit, oldest first. */
  lines(filter: LogFilter, most: number): string[] {
    const wants = matcher(filter)
    const found: string[] = []
    for (let at = this.#entries.length - 1; at >= this.#first && found.length < most; at--) {
      const entry = this.#entries[at]!
      if (wants(entry)) found.push(entry.text)
    }
    return found.reverse()
  }

  /** Tells every new line that fits; returns how to stop. */
  follow(filter: LogFilter, tell: (text: string) => void): () => void {
    this.#followers.set(tell, { level: LOG_LEVELS[filter.level ?? 'info'], wants: matcher(filter) })
    this.#tellLevel()
    return () => {
      this.#followers.delete(tell)
      this.#tellLevel()
    }
  }

  #tellLevel(): void {
    this.onLevel(Math.min(this.keptLevel, ...[...this.#followers.values()].map(({ level }) => level)))
  }
}
