/** A terminal that is drawn upon in place, and left as it was. */
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const REST_OF_LINE = '\x1b[K'
const REST_OF_SCREEN = '\x1b[J'
const CTRL_C = '\x03'

export class Screen {
  #closed = false

  /** @param redraw called when the size has changed @param end called when somebody presses q, or Ctrl-C */
  constructor(
    private readonly redraw: () => void,
    private readonly end: () => void,
  ) {
    process.stdout.write(ENTER)
    // Whatever ends the process.
    process.once('exit', this.close)
    process.stdout.on('resize', this.redraw)
    // Keys are not to be written into the picture.
    if (process.stdin.isTTY) {
      process.stdin.setRawMode(true)
      process.stdin.on('data', this.#key)
      process.stdin.resume()
    }
  }

  readonly #key = (key: Buffer): void => {
    if (['q', 'Q', CTRL_C].includes(key.toString())) this.end()
  }

  /** Cells of a line. */
  get width(): number {
    return process.stdout.columns
  }

  /** Draws over what was there, line by line, so that nothing flickers; what does not fit is left out at the bottom. */
  show(lines: readonly string[]): void {
    const shown = lines.slice(0, process.stdout.rows)
    process.stdout.write(`${HOME}${shown.map((line) => `${line}${REST_OF_LINE}`).join('\r\n')}${REST_OF_SCREEN}`)
  }

  readonly close = (): void => {
    if (this.#closed) return
    this.#closed = true
    process.stdout.off('resize', this.redraw)
    if (process.stdin.isTTY) {
      process.stdin.off('data', this.#key)
      process.stdin.setRawMode(false)
      process.stdin.pause()
    }
    process.stdout.write(LEAVE)
  }
}
