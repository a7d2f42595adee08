/** Colours of a terminal, as Gymnasium writes them. */
const COLORS = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35 } as const

/** The text in a colour (or on it, with `highlight`), and back to normal after it. */
export function colorized(text: string, color: keyof typeof COLORS, { bold = false, highlight = false } = {}): string {
  return `\x1b[${COLORS[color] + (highlight ? 10 : 0)}${bold ? ';1' : ''}m${text}\x1b[0m`
}
