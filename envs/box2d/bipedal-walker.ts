import { type Body, Box as BoxShape, Edge, Polygon, Vec2, World } from 'planck'
import type { StepResult } from '../env.js'
import { InvalidAction } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import { Box } from '../spaces/index.js'
import {
  type Cloud,
  drawClouds,
  drawTerrain,
  SCALE,
  TERRAIN_GRASS,
  TERRAIN_HEIGHT,
  TERRAIN_LENGTH,
  TERRAIN_STARTPAD,
  TERRAIN_STEP,
  type Terrain,
  VIEW_HEIGHT,
  VIEW_WIDTH,
} from './bipedal-terrain.js'
import { drawingOf } from './bipedal-walker-render.js'
import { Box2dEnv } from './box2d-env.js'
import { FastRevoluteJoint } from './fast-revolute-joint.js'
import { castRay } from './lidar.js'

const FPS = 50
const MOTORS_TORQUE = 80
const SPEED_HIP = 4
const SPEED_KNEE = 6
const LIDAR_RANGE = 160 / SCALE
const LIDAR_RAYS = 10
/** The random push at the start, N along x. */
const INITIAL_PUSH = 5
const FRICTION = 2.5
const VELOCITY_ITERATIONS = 180
const POSITION_ITERATIONS = 60

const HULL = [
  [-30, 9],
  [6, 9],
  [34, 1],
  [34, -8],
  [-30, -8],
].map(([x, y]) => new Vec2(x! / SCALE, y! / SCALE))
const LEG_DOWN = -8 / SCALE
const LEG_W = 8 / SCALE
const LEG_H = 34 / SCALE

const GROUND = 0x0001
const WALKER = { restitution: 0, filterCategoryBits: 0x0020, filterMaskBits: GROUND }

export interface BipedalWalkerOptions {
  /** Stumps, pits and stairs in the way. */
  hardcore?: boolean
  renderMode?: string | null
}

/** Bounds of an observation: hull, then for each leg hip, knee and contact, then the lidar. */
const BOUNDS = [Math.PI, 5, 5, 5, Math.PI, 5, Math.PI, 5, 5, Math.PI, 5, Math.PI, 5, 5, ...Array<number>(LIDAR_RAYS).fill(1)]
const CONTACTS = [8, 13]

/**
 * BipedalWalker-v3: walk to the far end on two legs with hips and knees. Actions: four motor torques in [−1, 1]. Observation: angle and
 * velocities of the hull, angles and speeds of the joints, contacts of the feet, ten lidar distances. Reward: progress (300 in all), less
 * torque; −100 for a fall.
 */
export class BipedalWalkerEnv extends Box2dEnv<Float32Array, ArrayLike<number>> {
  override readonly actionSpace = new Box(-1, 1, { shape: [4] })
  override readonly observationSpace = new Box(
    BOUNDS.map((bound, i) => (CONTACTS.includes(i) ? -0 : -bound)),
    BOUNDS,
  )
  readonly #hardcore: boolean
  #world!: World
  #hull!: Body
  /** Upper and lower part of the first leg, then of the second. */
  #legs: Body[] = []
  #joints: FastRevoluteJoint[] = []
  #contact: [boolean, boolean] = [false, false]
  #fallen = false
  #terrain: Terrain = { xs: [], ys: [], obstacles: [] }
  #clouds: Cloud[] = []
  #previousShaping: number | null = null
  readonly #lidar = new Float64Array(LIDAR_RAYS)

  /** @throws InvalidKwargs */
  constructor(options: BipedalWalkerOptions = {}) {
    super()
    checkKwargs('BipedalWalker', options, ['hardcore', 'renderMode'])
    const { hardcore = false, renderMode = null } = options
    checkFlags('BipedalWalker', { hardcore })
    this.#hardcore = hardcore
    this.renderMode = renderMode
  }

  get terrain(): Readonly<Terrain> {
    return this.#terrain
  }

  get clouds(): readonly Cloud[] {
    return this.#clouds
  }

  protected override begin(): Float32Array {
    const draws = this.draws
    this.#world = new World({ gravity: new Vec2(0, -10) })
    this.#fallen = false
    this.#previousShaping = null
    this.#terrain = drawTerrain(draws, this.#hardcore)
    this.#createGround()
    this.#clouds = drawClouds(draws)
    this.#createWalker(draws.uniform(-INITIAL_PUSH, INITIAL_PUSH))
    this.#contact = [false, false]
    this.#listen()
    return this.#walk([0, 0, 0, 0])[0]
  }

  #createGround(): void {
    const { xs, ys, obstacles } = this.#terrain
    const fixed = (shape: Edge | Polygon) => this.#world.createBody().createFixture({ shape, density: 0, friction: FRICTION })
    for (const corners of obstacles) fixed(new Polygon(corners.map(([x, y]) => new Vec2(x, y))))
    for (let i = 0; i < TERRAIN_LENGTH - 1; i++) fixed(new Edge(new Vec2(xs[i]!, ys[i]!), new Vec2(xs[i + 1]!, ys[i + 1]!)))
  }

  #createWalker(push: number): void {
    const x = (TERRAIN_STEP * TERRAIN_STARTPAD) / 2
    const y = TERRAIN_HEIGHT + 2 * LEG_H
    this.#hull = this.#world.createDynamicBody({ position: new Vec2(x, y) })
    this.#hull.createFixture({ shape: new Polygon(HULL), density: 5, friction: 0.1, ...WALKER })
    this.#hull.applyForceToCenter(new Vec2(push, 0), true)
    this.#legs = []
    this.#joints = []
    for (const side of [-1, 1]) {
      const upper = this.#createPart(x, y - LEG_H / 2 - LEG_DOWN, side, LEG_W / 2)
      this.#join(this.#hull, upper, new Vec2(0, LEG_DOWN), [-0.8, 1.1], side)
      const lower = this.#createPart(x, y - (LEG_H * 3) / 2 - LEG_DOWN, side, (0.8 * LEG_W) / 2)
      this.#join(upper, lower, new Vec2(0, -LEG_H / 2), [-1.6, -0.1], 1)
    }
  }

  #createPart(x: number, y: number, side: number, halfWidth: number): Body {
    const part = this.#world.createDynamicBody({ position: new Vec2(x, y), angle: side * 0.05 })
    part.createFixture({ shape: new BoxShape(halfWidth, LEG_H / 2), density: 1, ...WALKER })
    this.#legs.push(part)
    return part
  }

  #join(bodyA: Body, bodyB: Body, localAnchorA: Vec2, [lowerAngle, upperAngle]: [number, number], motorSpeed: number): void {
    const joint = new FastRevoluteJoint({
      bodyA,
      bodyB,
      localAnchorA,
      localAnchorB: new Vec2(0, LEG_H / 2),
      enableMotor: true,
      enableLimit: true,
      maxMotorTorque: MOTORS_TORQUE,
      motorSpeed,
      lowerAngle,
      upperAngle,
    })
    this.#world.createJoint(joint)
    this.#joints.push(joint)
  }

  #listen(): void {
    const touch = (a: Body, b: Body, touching: boolean) => {
      if (touching && (a === this.#hull || b === this.#hull)) this.#fallen = true
      for (const i of [0, 1] as const) {
        const foot = this.#legs[2 * i + 1]
        if (a === foot || b === foot) this.#contact[i] = touching
      }
    }
    this.#world.on('begin-contact', (contact) => touch(contact.getFixtureA().getBody(), contact.getFixtureB().getBody(), true))
    this.#world.on('end-contact', (contact) => touch(contact.getFixtureA().getBody(), contact.getFixtureB().getBody(), false))
  }

  /** @throws InvalidAction for anything but four numbers */
  protected override advance(action: ArrayLike<number>): StepResult<Float32Array> {
    const sound = action?.length === 4 && Array.from(action).every((value) => typeof value === 'number' && !Number.isNaN(value))
    if (!sound) throw new InvalidAction(`an action of BipedalWalker is four torques in [-1, 1], got ${shown(action)}`)
    return this.#walk(action)
  }

  #walk(action: ArrayLike<number>): StepResult<Float32Array> {
    for (const [i, joint] of this.#joints.entries()) {
      joint.setMotorSpeed((i % 2 === 0 ? SPEED_HIP : SPEED_KNEE) * Math.sign(action[i]!))
      joint.setMaxMotorTorque(MOTORS_TORQUE * Math.min(Math.abs(action[i]!), 1))
    }
    this.#world.step(1 / FPS, VELOCITY_ITERATIONS, POSITION_ITERATIONS)
    const position = this.#hull.getPosition()
    this.#look(position)
    const observation = this.#observe()
    const shaping = (130 * position.x) / SCALE - 5 * Math.abs(this.#hull.getAngle())
    let reward = this.#previousShaping === null ? 0 : shaping - this.#previousShaping
    this.#previousShaping = shaping
    for (let i = 0; i < 4; i++) reward -= 0.00035 * MOTORS_TORQUE * Math.min(Math.abs(action[i]!), 1)
    const failed = this.#fallen || position.x < 0
    const arrived = position.x > (TERRAIN_LENGTH - TERRAIN_GRASS) * TERRAIN_STEP
    return [observation, failed ? -100 : reward, failed || arrived, false, {}]
  }

  /** Shares of the lidar's range at which its rays meet the ground. */
  #look({ x, y }: { x: number; y: number }): void {
    for (let i = 0; i < LIDAR_RAYS; i++) {
      const angle = (1.5 * i) / LIDAR_RAYS
      this.#lidar[i] = castRay(this.#terrain, x, y, Math.sin(angle) * LIDAR_RANGE, -Math.cos(angle) * LIDAR_RANGE)
    }
  }

  #observe(): Float32Array {
    const hull = this.#hull
    const velocity = hull.getLinearVelocity()
    const observation = new Float32Array(14 + LIDAR_RAYS)
    observation[0] = hull.getAngle()
    observation[1] = (2 * hull.getAngularVelocity()) / FPS
    observation[2] = (0.3 * velocity.x * (VIEW_WIDTH / SCALE)) / FPS
    observation[3] = (0.3 * velocity.y * (VIEW_HEIGHT / SCALE)) / FPS
    for (const side of [0, 1] as const) {
      const [hip, knee] = [this.#joints[2 * side]!, this.#joints[2 * side + 1]!]
      const at = 4 + 5 * side
      observation[at] = hip.getJointAngle()
      observation[at + 1] = hip.getJointSpeed() / SPEED_HIP
      observation[at + 2] = knee.getJointAngle() + 1
      observation[at + 3] = knee.getJointSpeed() / SPEED_KNEE
      observation[at + 4] = this.#contact[side] ? 1 : 0
    }
    observation.set(this.#lidar, 14)
    return observation
  }

  override drawing(): Drawing | null {
    if (!this.started) return null
    const outline = (body: Body) => (body.getFixtureList()!.getShape() as Polygon).m_vertices.map((corner) => body.getWorldPoint(corner))
    const parts = [...this.#legs, this.#hull].map((body) => outline(body).map(({ x, y }) => [x, y] as const))
    const { x, y } = this.#hull.getPosition()
    return drawingOf({ terrain: this.#terrain, clouds: this.#clouds, parts, eye: [x, y], lidar: this.#lidar, range: LIDAR_RANGE })
  }
}
