import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { kept } from './kept.js'
import type { FeedbackEntry } from './state.js'

/** Then the next file begins. */
const FILE_BYTES = 64 * 1024 ** 2
const NAME = /^feedback-(\d{6})\.jsonl$/
const TAIL_BYTES = 64 * 1024
const NEWLINE = 0x0a

const nameOf = (number: number) => `feedback-${String(number).padStart(6, '0')}.jsonl`

async function filesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => NAME.test(name)).sort()
}

/** Cuts off what a crash left of a line: nobody was told that it is kept. */
async function mend(file: FileHandle): Promise<number> {
  const { size } = await file.stat()
  const tail = Buffer.alloc(TAIL_BYTES)
  // A line holds an input, and so may be longer than any part that is read at once.
  for (let end = size; end > 0; end -= TAIL_BYTES) {
    const start = Math.max(0, end - TAIL_BYTES)
    const { bytesRead } = await file.read(tail, 0, end - start, start)
    const last = tail.subarray(0, bytesRead).lastIndexOf(NEWLINE)
    if (last < 0) continue
    const whole = start + last + 1
    if (whole < size) await file.truncate(whole)
    return whole
  }
  await file.truncate(0)
  return 0
}

/** Feedback as lines of JSON, appended only; `feedback-000001.jsonl` and so on, each up to 64 MiB. */
export class FileFeedbackLog {
  #waiting: { line: string; done: () => void; lost: (error: unknown) => void }[] = []
  #writing: Promise<void> | undefined

  private constructor(
    private readonly folder: string,
    private file: FileHandle,
    private number: number,
    private size: number,
  ) {}

  static async open(folder: string): Promise<FileFeedbackLog> {
    await mkdir(folder, { recursive: true })
    const last = (await filesOf(folder)).at(-1) ?? nameOf(1)
    const path = join(folder, last)
    const file = await open(path, (await exists(path)) ? 'r+' : 'w+')
    return new FileFeedbackLog(folder, file, Number(NAME.exec(last)![1]), await mend(file))
  }

  append(entry: FeedbackEntry): Promise<void> {
    const written = new Promise<void>((done, lost) => {
      this.#waiting.push({ line: `${JSON.stringify(entry)}\n`, done, lost })
      this.#writing ??= this.#write()
    })
    return kept(written)
  }

  /** What has come together while the disk was busy is written together. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      const bytes = Buffer.from(group.map(({ line }) => line).join(''))
      try {
        if (this.size >= FILE_BYTES) await this.#rotate()
        await this.#writeAll(bytes)
        await this.file.datasync()
        this.size += bytes.length
        for (const { done } of group) done()
      } catch (error) {
        await this.file.truncate(this.size).catch(() => {})
        for (const { lost } of group) lost(error)
      }
    }
    this.#writing = undefined
  }

  /** On a disk that becomes full a write ends early, and only the next one fails. */
  async #writeAll(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, at, bytes.length - at, this.size + at)
      at += bytesWritten
    }
  }

  async #rotate(): Promise<void> {
    const next = await open(join(this.folder, nameOf(this.number + 1)), 'w+')
    await this.file.truncate(this.size)
    await this.file.close()
    this.file = next
    this.number++
    this.size = 0
  }

  async close(): Promise<void> {
    await this.#writing
    // Nothing of a write that failed stays behind the last whole line.
    await this.file.truncate(this.size)
    await this.file.close()
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/**
 * The entries of a feedback log in the order they were given; `from` is the server's state folder, or the address of its Redis
 * (`redis://…`), which keeps about the last million. The last line of a log that is being written may not be whole yet and is left out.
 *
 * @example
 * for await (const { input, output, reward } of readFeedback('./state')) console.log(input, output, reward)
 * @throws what the file system says where there is no log
 */
export async function* readFeedback(from: string): AsyncGenerator<FeedbackEntry> {
  if (/^rediss?:/.test(from)) {
    const { readRedisFeedback } = await import('./redis/read-feedback.js')
    yield* readRedisFeedback(from)
    return
  }
  const logs = join(from, 'feedback')
  for (const name of await filesOf(logs)) {
    let before: string | undefined
    for await (const line of createInterface({ input: createReadStream(join(logs, name)), crlfDelay: Number.POSITIVE_INFINITY })) {
      if (before !== undefined) yield JSON.parse(before) as FeedbackEntry
      before = line
    }
    if (before === undefined) continue
    try {
      yield JSON.parse(before) as FeedbackEntry
    } catch {
      // Not whole yet.
    }
  }
}
