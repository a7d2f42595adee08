/** Drawing of the race from above, turned and zoomed with the car, and of its instruments; the observation is the same drawing, small. */
import { type Body, type Polygon, Vec2 } from 'planck'
import type { Canvas, Color, Drawing, Point } from '../rendering/canvas.js'
import { type RaceCar, WHEEL_HALF_WIDTH, WHEEL_RADIUS, type Wheel } from './race-car.js'
import type { RaceTrack } from './race-track.js'
import { paintNumber } from './segment-digits.js'

/** Gymnasium draws on so many pixels and makes them fewer. */
const WIDTH = 1000
const HEIGHT = 800
const SCALE = 6
const ZOOM = 2.7
const PLAYFIELD = 2000 / SCALE
const GRASS_SIDE = PLAYFIELD / 20
/** Tiles reach that much over the next one, as a share of their length, so that no ground shows between them. */
const OVERLAP = 0.15

const HULL = [204, 0, 0] as const
const BLACK = [0, 0, 0] as const
const TREAD = [77, 77, 77] as const
const MUD = [102, 102, 0] as const
const WHITE = [255, 255, 255] as const

export interface RaceColors {
  road: Color
  ground: Color
  grass: Color
}

export interface RaceScene {
  track: RaceTrack
  tileColors: readonly Color[]
  colors: RaceColors
  car: RaceCar
  /** Since the start; the view zooms in during the first. */
  seconds: number
  reward: number
  skids: { wheel: number; grass: boolean; open: boolean; points: Point[] }[]
}

export function drawingOf(scene: RaceScene, width: number, height: number, skids: boolean): Drawing {
  const background = whole(scene.colors.ground)
  return { width, height, background, paint: (canvas) => new Picture(canvas, scene).paint(skids) }
}

const whole = (color: Color): Color => color.map(Math.trunc) as unknown as Color

class Picture {
  readonly #zoom: number
  readonly #x: number
  readonly #y: number
  readonly #cos: number
  readonly #sin: number
  readonly #sx: number
  readonly #sy: number

  constructor(
    private readonly canvas: Canvas,
    private readonly scene: RaceScene,
  ) {
    const { car, seconds } = scene
    this.#sx = canvas.width / WIDTH
    this.#sy = canvas.height / HEIGHT
    this.#zoom = 0.1 * SCALE * Math.max(1 - seconds, 0) + ZOOM * SCALE * Math.min(seconds, 1)
    const { x, y } = car.hull.getPosition()
    this.#x = x
    this.#y = y
    this.#cos = Math.cos(-car.hull.getAngle())
    this.#sin = Math.sin(-car.hull.getAngle())
  }

  paint(skids: boolean): void {
    this.#paintGrass()
    this.#paintRoad()
    if (skids) this.#paintSkids()
    this.#paintCar()
    this.#paintInstruments()
  }

  /** From the world onto the picture. */
  #at(px: number, py: number): Point {
    const [x, y] = [px - this.#x, py - this.#y]
    return [
      ((x * this.#cos - y * this.#sin) * this.#zoom + WIDTH / 2) * this.#sx,
      ((x * this.#sin + y * this.#cos) * this.#zoom + HEIGHT / 4) * this.#sy,
    ]
  }

  /** Whether something that wide around a point may be seen. */
  #visible([x, y]: Point, radius: number): boolean {
    const [px, py] = this.#at(x, y)
    const [rx, ry] = [radius * this.#zoom * this.#sx, radius * this.#zoom * this.#sy]
    return px > -rx && px < this.canvas.width + rx && py > -ry && py < this.canvas.height + ry
  }

  #paintGrass(): void {
    const color = whole(this.scene.colors.grass)
    const side = GRASS_SIDE
    for (let i = -20; i < 20; i += 2) {
      for (let j = -20; j < 20; j += 2) {
        const [x, y] = [side * i, side * j]
        if (!this.#visible([x + side / 2, y + side / 2], side)) continue
        this.canvas.polygon([this.#at(x + side, y), this.#at(x, y), this.#at(x, y + side), this.#at(x + side, y + side)], color)
      }
    }
  }

  #paintRoad(): void {
    const { track, tileColors } = this.scene
    for (const [i, corners] of track.tiles.entries()) if (this.#visible(corners[0]!, 16)) this.#paintTile(corners, tileColors[i]!)
    for (const { corners, red } of track.kerbs) if (this.#visible(corners[0]!, 8)) this.#paintTile(corners, red ? [255, 0, 0] : WHITE)
  }

  #paintTile([a, b, c, d]: readonly Point[], color: Color): void {
    const further = ([x, y]: Point, [fromX, fromY]: Point) => this.#at(x + OVERLAP * (x - fromX), y + OVERLAP * (y - fromY))
    this.canvas.polygon([further(a!, d!), further(b!, c!), this.#at(c![0], c![1]), this.#at(d![0], d![1])], color)
  }

  #paintSkids(): void {
    for (const { grass, points } of this.scene.skids) {
      for (let i = 0; i + 1 < points.length; i++) {
        this.canvas.line(this.#at(...points[i]!), this.#at(...points[i + 1]!), 1.2, grass ? MUD : BLACK)
      }
    }
  }

  #paintCar(): void {
    const { hull, wheels } = this.scene.car
    for (const wheel of wheels) this.#paintWheel(wheel)
    this.#paintBody(hull, HULL)
  }

  #paintBody(body: Body, color: Color): void {
    for (let fixture = body.getFixtureList(); fixture; fixture = fixture.getNext()) {
      const corners = (fixture.getShape() as Polygon).m_vertices.map((corner) => body.getWorldPoint(corner))
      this.canvas.polygon(
        corners.map(({ x, y }) => this.#at(x, y)),
        color,
      )
    }
  }

  /** A light stripe over the tread shows that the wheel turns. */
  #paintWheel({ body, phase }: Wheel): void {
    this.#paintBody(body, BLACK)
    const [sin1, sin2] = [Math.sin(phase), Math.sin(phase + 1.2)]
    if (sin1 > 0 && sin2 > 0) return
    const cos1 = sin1 > 0 ? Math.sign(Math.cos(phase)) : Math.cos(phase)
    const cos2 = sin2 > 0 ? Math.sign(Math.cos(phase + 1.2)) : Math.cos(phase + 1.2)
    const corners = [
      [-1, cos1],
      [1, cos1],
      [1, cos2],
      [-1, cos2],
    ].map(([across, along]) => body.getWorldPoint(new Vec2(across! * WHEEL_HALF_WIDTH, along! * WHEEL_RADIUS)))
    this.canvas.polygon(
      corners.map(({ x, y }) => this.#at(x, y)),
      TREAD,
    )
  }

  /** Speed, turning of each wheel, steering and turning of the car, below; the reward. */
  #paintInstruments(): void {
    const { car, reward } = this.scene
    const [s, h] = [WIDTH / 40, HEIGHT / 40]
    this.#rectangle(0, 0, WIDTH, 5 * h, BLACK)
    const upright = (place: number, value: number, color: Color) => {
      if (Math.abs(value) > 1e-4) this.#rectangle(place * s, h, (place + 1) * s, h + h * value, color)
    }
    const lying = (place: number, value: number, color: Color) => {
      if (Math.abs(value) > 1e-4) this.#rectangle(place * s, 2 * h, (place + value) * s, 4 * h, color)
    }
    const { x, y } = car.hull.getLinearVelocity()
    upright(5, 0.02 * Math.sqrt(x * x + y * y), WHITE)
    for (const [i, { omega }] of car.wheels.entries()) upright(7 + i, 0.01 * omega, i < 2 ? [0, 0, 255] : [51, 0, 255])
    lying(20, -10 * car.wheels[0]!.joint.getJointAngle(), [0, 255, 0])
    lying(30, -0.8 * car.hull.getAngularVelocity(), [255, 0, 0])
    const text = reward.toFixed(0).padStart(4, '0')
    paintNumber(this.canvas, text, 10 * this.#sx, 35 * this.#sy, 25 * this.#sx, 32 * this.#sy)
  }

  #rectangle(left: number, bottom: number, right: number, top: number, color: Color): void {
    const [x0, x1, y0, y1] = [left * this.#sx, right * this.#sx, bottom * this.#sy, top * this.#sy]
    this.canvas.polygon(
      [
        [x0, y0],
        [x1, y0],
        [x1, y1],
        [x0, y1],
      ],
      color,
    )
  }
}
