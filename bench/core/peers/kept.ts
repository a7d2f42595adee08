/** What a long comparison has measured so far, on disk: a run that was interrupted goes on where it was. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Older measurements are of another day's machine: they are taken anew. */
const LONGEST_MS = 24 * 3600 * 1000

interface Content {
  /** What was to be measured, and with what: other measurements are not gone on with. */
  readonly key: string
  readonly begunMs: number
  /** How often the run was taken up again. */
  resumed: number
  readonly parts: Record<string, unknown>
}

export class Kept {
  private readonly file: string
  private readonly content: Content

  constructor(folder: string, key: string) {
    this.file = join(folder, 'measured.json')
    mkdirSync(folder, { recursive: true })
    this.content = this.read(key) ?? { key, begunMs: Date.now(), resumed: 0, parts: {} }
  }

  private read(key: string): Content | undefined {
    if (!existsSync(this.file)) return undefined
    const content: Content = JSON.parse(readFileSync(this.file, 'utf8'))
    if (content.key !== key || Date.now() - content.begunMs > LONGEST_MS) return undefined
    content.resumed++
    console.log(`going on with the run that was begun at ${new Date(content.begunMs).toISOString()} (${this.file})`)
    return content
  }

  get resumed(): number {
    return this.content.resumed
  }

  has(part: string): boolean {
    return part in this.content.parts
  }

  get<T>(part: string): T | undefined {
    return this.content.parts[part] as T | undefined
  }

  set(part: string, value: unknown): void {
    this.content.parts[part] = value
    writeFileSync(`${this.file}.new`, JSON.stringify(this.content))
    renameSync(`${this.file}.new`, this.file)
  }

  /** A part that was measured before, or is now. */
  async once<T>(part: string, measure: () => Promise<T>): Promise<T> {
    if (!this.has(part)) this.set(part, await measure())
    else console.log(`(${part}: measured before)`)
    return this.get<T>(part)!
  }

  /** All is measured. */
  remove(): void {
    rmSync(this.file, { force: true })
  }
}
