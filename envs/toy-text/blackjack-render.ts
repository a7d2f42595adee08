/** The table of Blackjack: the dealer's open card and hidden one, the player's sum. Digits are seven segments, cards have their suit. */
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'
import { rectangle } from '../rendering/shapes.js'

const WIDTH = 384
const HEIGHT = 376
const FELT: Color = [196, 216, 158]
const PAPER: Color = [252, 252, 248]
const BACK: Color = [110, 60, 60]
const INK: Color = [40, 40, 50]
const RED: Color = [190, 50, 50]
const ACE: Color = [90, 120, 60]
const CARD_WIDTH = 80
const CARD_HEIGHT = 112

export interface BlackjackTable {
  playerSum: number
  usableAce: boolean
  /** Its value, 1 to 10; its rank and suit, such as 'K' and 'S'. */
  dealerCard: number
  rank: string
  suit: string
}

export function blackjackDrawing(table: BlackjackTable): Drawing {
  return { width: WIDTH, height: HEIGHT, background: FELT, paint: (canvas) => paint(canvas, table) }
}

function paint(canvas: Canvas, { dealerCard, playerSum, rank, suit, usableAce }: BlackjackTable): void {
  const colour = suit === 'D' || suit === 'H' ? RED : INK
  canvas.polygon(rectangle(96, HEIGHT - 184, CARD_WIDTH, CARD_HEIGHT), PAPER)
  canvas.polygon(rectangle(208, HEIGHT - 184, CARD_WIDTH, CARD_HEIGHT), BACK)
  glyphs(canvas, rank, [104, HEIGHT - 100], 10, colour)
  paintSuit(canvas, suit, [96 + CARD_WIDTH / 2, HEIGHT - 150], colour)
  glyphs(canvas, String(dealerCard), [40, HEIGHT - 56], 10, INK)
  glyphs(canvas, String(playerSum), [WIDTH / 2 - 30, 80], 24, INK)
  if (usableAce) canvas.disc([WIDTH / 2, 36], 12, ACE)
}

/** Which of the seven segments (top, upper left and right, middle, lower left and right, bottom) are lit. */
const SEGMENTS: Readonly<Record<string, string>> = {
  0: '1110111',
  1: '0010010',
  2: '1011101',
  3: '1011011',
  4: '0111010',
  5: '1101011',
  6: '1101111',
  7: '1010010',
  8: '1111111',
  9: '1111011',
  A: '1111110',
  J: '0010111',
  Q: '1111010',
  K: '0111110',
}

/** @param at the bottom left corner @param size width of a glyph; it is twice as high */
function glyphs(canvas: Canvas, text: string, [x, y]: Point, size: number, color: Color): void {
  const thick = Math.max(2, size / 6)
  for (const [k, character] of Array.from(text).entries()) {
    const left = x + k * size * 1.5
    const corner = (right: number, up: number): Point => [left + right * size, y + up * size]
    const ends: [Point, Point][] = [
      [corner(0, 2), corner(1, 2)],
      [corner(0, 1), corner(0, 2)],
      [corner(1, 1), corner(1, 2)],
      [corner(0, 1), corner(1, 1)],
      [corner(0, 0), corner(0, 1)],
      [corner(1, 0), corner(1, 1)],
      [corner(0, 0), corner(1, 0)],
    ]
    for (const [s, [from, to]] of ends.entries()) if (SEGMENTS[character]![s] === '1') canvas.line(from, to, thick, color)
  }
}

function paintSuit(canvas: Canvas, suit: string, [x, y]: Point, color: Color): void {
  const tip = (up: number): Point[] => [
    [x - 16, y],
    [x, y + up],
    [x + 16, y],
  ]
  if (suit === 'D' || suit === 'S') canvas.polygon(tip(22), color)
  if (suit === 'D' || suit === 'H') canvas.polygon(tip(-22), color)
  if (suit === 'H') for (const side of [-8, 8]) canvas.disc([x + side, y + 2], 9, color)
  if (suit === 'C') canvas.disc([x, y + 12], 9, color)
  if (suit === 'C' || suit === 'S') {
    for (const side of [-8, 8]) canvas.disc([x + side, y - 2], 9, color)
    canvas.polygon(rectangle(x - 2, y - 22, 4, 20), color)
  }
}
