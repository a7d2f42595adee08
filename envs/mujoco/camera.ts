/** Where a picture is taken from: a camera of the model, or MuJoCo's free camera; and how points of the world get onto it. */
import { InvalidKwargs } from '../errors.js'
import type { Point } from '../rendering/canvas.js'
import type { CameraConfig } from './options.js'
import type { Simulation } from './simulation.js'

export type Vector = readonly [number, number, number]

/** Nearer than that nothing is drawn, m. */
const NEAR = 0.05

export interface ViewOptions {
  width: number
  height: number
  cameraId: number | null
  cameraName: string | null
  defaultCameraConfig: CameraConfig | null
}

export class Camera {
  readonly #position: Vector
  readonly #right: Vector
  readonly #up: Vector
  readonly #forward: Vector
  /** Pixels at a distance of 1 m for 1 m across. */
  readonly #focal: number

  private constructor(
    position: Vector,
    axes: { right: Vector; up: Vector; forward: Vector },
    fovy: number,
    private readonly width: number,
    private readonly height: number,
  ) {
    this.#position = position
    this.#right = axes.right
    this.#up = axes.up
    this.#forward = axes.forward
    this.#focal = height / 2 / Math.tan((fovy * Math.PI) / 360)
  }

  /** @throws InvalidKwargs for a camera that the model does not have */
  static of(simulation: Simulation, view: ViewOptions): Camera {
    const { cameraId, cameraName } = view
    const id = cameraName === null ? (cameraId ?? -1) : simulation.cameraId(cameraName)
    const count = simulation.model.ncam
    if ((cameraName !== null && id < 0) || id >= count) {
      throw new InvalidKwargs(`the model has no camera ${cameraName ?? id}; it has ${count}, and the free camera where none is named`)
    }
    return id < 0 ? Camera.#free(simulation, view) : Camera.#fixed(simulation, id, view)
  }

  static #fixed(simulation: Simulation, id: number, { width, height }: ViewOptions): Camera {
    const { cam_xpos: pos, cam_xmat: mat } = simulation.arrays
    const column = (k: number, sign: number): Vector => [sign * mat[9 * id + k]!, sign * mat[9 * id + 3 + k]!, sign * mat[9 * id + 6 + k]!]
    const axes = { right: column(0, 1), up: column(1, 1), forward: column(2, -1) }
    const fovy = (simulation.model.cam_fovy as Float64Array)[id]!
    return new Camera([pos[3 * id]!, pos[3 * id + 1]!, pos[3 * id + 2]!], axes, fovy, width, height)
  }

  /** Follows a body (the root's unless told); only where it follows none does it look at the point of the configuration. */
  static #free(simulation: Simulation, { width, height, defaultCameraConfig }: ViewOptions): Camera {
    const { trackbodyid = 1, azimuth = 90, elevation = -20, lookat, distance } = defaultCameraConfig ?? {}
    const { stat, vis, nbody } = simulation.model
    const body = 3 * Math.min(Math.max(trackbodyid, 0), nbody - 1)
    const { subtree_com: com } = simulation.arrays
    const centre: Vector = [com[body]!, com[body + 1]!, com[body + 2]!]
    const target = trackbodyid > 0 ? centre : (lookat ?? centre)
    const reach = distance ?? 1.5 * stat.extent
    const [az, el] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180]
    const forward: Vector = [Math.cos(el) * Math.cos(az), Math.cos(el) * Math.sin(az), Math.sin(el)]
    const axes = {
      forward,
      right: [Math.sin(az), -Math.cos(az), 0] as const,
      up: [-Math.sin(el) * Math.cos(az), -Math.sin(el) * Math.sin(az), Math.cos(el)] as const,
    }
    const position = target.map((value, k) => value - reach * forward[k]!) as unknown as Vector
    return new Camera(position, axes, vis.global.fovy, width, height)
  }

  /** Metres in front of the camera. */
  depth(point: Vector): number {
    return dot(point, this.#forward) - dot(this.#position, this.#forward)
  }

  /** Pixels that a metre takes at that depth, 0 behind the camera. */
  scale(depth: number): number {
    return depth < NEAR ? 0 : this.#focal / depth
  }

  /** The centre of the view on the plane z = height, as far as `farthest` before the camera. */
  groundCentre(height: number, farthest: number): [number, number] {
    const [x, y, z] = this.#position
    const [fx, fy, fz] = this.#forward
    const along = fz < -1e-3 ? Math.min((height - z) / fz, farthest) : farthest
    return [x + along * fx, y + along * fy]
  }

  /** A point's place in the picture, pixels from the bottom left. */
  project(point: Vector): Point {
    const away: Vector = [point[0] - this.#position[0], point[1] - this.#position[1], point[2] - this.#position[2]]
    const scale = this.#focal / Math.max(dot(away, this.#forward), NEAR)
    return [this.width / 2 + scale * dot(away, this.#right), this.height / 2 + scale * dot(away, this.#up)]
  }

  /** A flat polygon's outline in the picture, without what is behind the camera. */
  projectPolygon(corners: readonly Vector[]): Point[] {
    const outline: Vector[] = []
    for (const [i, corner] of corners.entries()) {
      const next = corners[(i + 1) % corners.length]!
      const [here, there] = [this.depth(corner) - NEAR, this.depth(next) - NEAR]
      if (here >= 0) outline.push(corner)
      if (here >= 0 !== there >= 0) {
        const share = here / (here - there)
        outline.push([0, 1, 2].map((k) => corner[k]! + share * (next[k]! - corner[k]!)) as unknown as Vector)
      }
    }
    return outline.map((point) => this.project(point))
  }
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
