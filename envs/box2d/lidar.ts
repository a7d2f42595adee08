import type { Point } from '../rendering/canvas.js'
import { TERRAIN_STEP, type Terrain } from './bipedal-terrain.js'

/**
 * The share of the way from (x, y) to (x + dx, y + dy) at which a ray meets the ground or what stands on it; 1 where it meets nothing.
 * The ground's corners lie a step apart, so only those under the ray are looked at. (planck's own way through its tree of all shapes
 * makes a dozen objects a ray.)
 */
export function castRay({ xs, ys, obstacles }: Terrain, x: number, y: number, dx: number, dy: number): number {
  let nearest = 1
  const [left, right] = dx < 0 ? [x + dx, x] : [x, x + dx]
  const last = Math.min(xs.length - 2, Math.floor(right / TERRAIN_STEP))
  for (let i = Math.max(0, Math.floor(left / TERRAIN_STEP)); i <= last; i++) {
    nearest = Math.min(nearest, meets(x, y, dx, dy, xs[i]!, ys[i]!, xs[i + 1]!, ys[i + 1]!))
  }
  for (const corners of obstacles) {
    if (corners[0]![0] <= right && corners[1]![0] >= left) nearest = Math.min(nearest, meetsOutline(x, y, dx, dy, corners))
  }
  return nearest
}

function meetsOutline(x: number, y: number, dx: number, dy: number, corners: readonly Point[]): number {
  let nearest = 1
  let [fromX, fromY] = corners.at(-1)!
  for (const [toX, toY] of corners) {
    nearest = Math.min(nearest, meets(x, y, dx, dy, fromX, fromY, toX, toY))
    fromX = toX
    fromY = toY
  }
  return nearest
}

/** Where on a ray it crosses a segment (Cramer's rule); 1 where it does not. */
function meets(x: number, y: number, dx: number, dy: number, x0: number, y0: number, x1: number, y1: number): number {
  const [ex, ey] = [x1 - x0, y1 - y0]
  const across = dx * ey - dy * ex
  if (across === 0) return 1
  const [ox, oy] = [x0 - x, y0 - y]
  const share = (ox * ey - oy * ex) / across
  const along = (ox * dy - oy * dx) / across
  return share >= 0 && share <= 1 && along >= 0 && along <= 1 ? share : 1
}
