/** Drawing of a board: the highest channel that is set gives a cell its colour, in the palette of the package (seaborn's "cubehelix"). */
import type { RenderFrame } from '../env.js'
import type { Color, Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'

const CELLS = 10
/** Pixels along a cell. */
const CELL = 16
const BLACK: Color = [0, 0, 0]
const SHADES = 256

/**
 * Green, "A colour scheme for the display of astronomical intensity images" (2011), start 0.5, −1.5 rotations, hue 1, gamma 1; a table
 * of 256 shades of which `count` are taken at equal distances, the ends left out.
 */
function cubehelix(count: number): Color[] {
  return Array.from({ length: count }, (_, i) => {
    const lightness = Math.floor(((i + 1) / (count + 1)) * SHADES) / (SHADES - 1)
    const angle = 2 * Math.PI * (0.5 / 3 - 1.5 * lightness)
    const amplitude = (lightness * (1 - lightness)) / 2
    const shade = (onCos: number, onSin: number) =>
      Math.round(255 * Math.min(1, Math.max(0, lightness + amplitude * (onCos * Math.cos(angle) + onSin * Math.sin(angle)))))
    return [shade(-0.14861, 1.78277), shade(-0.29227, -0.90649), shade(1.97294, 0)]
  })
}

/** The highest channel that is set in a cell, −1 where none is. */
function topChannel(observation: Uint8Array, cell: number, channels: number): number {
  for (let c = channels - 1; c >= 0; c--) if (observation[cell * channels + c] === 1) return c
  return -1
}

/** @param observation [10, 10, channels] */
export function drawingOf(observation: Uint8Array, channels: number): Drawing {
  const colors = cubehelix(channels)
  return {
    width: CELLS * CELL,
    height: CELLS * CELL,
    background: BLACK,
    paint: (canvas) => {
      for (let cell = 0; cell < CELLS * CELLS; cell++) {
        const channel = topChannel(observation, cell, channels)
        if (channel < 0) continue
        const left = (cell % CELLS) * CELL
        const bottom = (CELLS - 1 - Math.floor(cell / CELLS)) * CELL
        const corners = [
          [left, bottom],
          [left + CELL, bottom],
          [left + CELL, bottom + CELL],
          [left, bottom + CELL],
        ] as const
        canvas.polygon(corners, colors[channel]!)
      }
    },
  }
}

/** 'ansi': ten lines of ten marks, a channel's number (0 to 9) or a dot. */
export function renderBoard(mode: string, observation: Uint8Array, channels: number): RenderFrame {
  if (mode !== 'ansi') return rasterized(drawingOf(observation, channels))
  const mark = (cell: number) => {
    const channel = topChannel(observation, cell, channels)
    return channel < 0 ? '.' : `${channel}`
  }
  return Array.from({ length: CELLS }, (_, y) => Array.from({ length: CELLS }, (_cell, x) => mark(y * CELLS + x)).join('')).join('\n')
}
