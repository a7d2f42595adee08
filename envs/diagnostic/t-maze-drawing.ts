import type { Color, Drawing } from '../rendering/canvas.js'
import { rectangle } from '../rendering/shapes.js'

const WALL: Color = [60, 60, 70]
const FLOOR: Color = [235, 235, 225]
const GOAL: Color = [60, 160, 90]
const AGENT: Color = [200, 80, 50]
const ROWS = 3
/** Pixels; a long corridor has smaller cells, so that the picture stays below a width. */
const LARGEST_CELL = 32
const WIDTH = 640

/** The corridor in the middle row, the two arms at its end, the goal in one of them. @param at steps from the start */
export function tMazeDrawing(at: number, length: number, goalIsNorth: boolean): Drawing {
  const cell = Math.max(1, Math.min(LARGEST_CELL, Math.floor(WIDTH / (length + 1))))
  return {
    width: cell * (length + 1),
    height: cell * ROWS,
    background: WALL,
    paint: (canvas) => {
      canvas.polygon(rectangle(0, cell, cell * (length + 1), cell), FLOOR)
      canvas.polygon(rectangle(cell * length, 0, cell, cell * ROWS), FLOOR)
      canvas.polygon(rectangle(cell * length, goalIsNorth ? 2 * cell : 0, cell, cell), GOAL)
      canvas.disc([cell * (at + 0.5), cell * 1.5], cell * 0.35, AGENT)
    },
  }
}

/** Three lines: G the goal, @ the agent, # walls. */
export function tMazeText(at: number, length: number, goalIsNorth: boolean): string {
  const arm = (isGoal: boolean) => `${'#'.repeat(length)}${isGoal ? 'G' : '.'}`
  const corridor = `${'.'.repeat(at)}@${'.'.repeat(length - at)}`
  return [arm(goalIsNorth), corridor, arm(!goalIsNorth)].join('\n')
}
