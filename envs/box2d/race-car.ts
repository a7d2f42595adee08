/** A car seen from above: a hull on four wheels that slip, driven by the rear ones, steered by the front ones (after C. Campbell's tutorial). */
import { type Body, Polygon, Vec2, type World } from 'planck'
import { FastRevoluteJoint } from './fast-revolute-joint.js'

const SIZE = 0.02
const ENGINE_POWER = 100000000 * SIZE * SIZE
const WHEEL_INERTIA = 4000 * SIZE * SIZE
const FRICTION_LIMIT = 1000000 * SIZE * SIZE
const SLIP_FORCE = 205000 * SIZE * SIZE
const WHEEL_R = 27
const WHEEL_W = 14
/** rad/s that full brakes take away each step. */
const BRAKE_FORCE = 15
const GRASS_GRIP = 0.6

const WHEEL_PLACES = [
  [-55, 80],
  [55, 80],
  [-55, -82],
  [55, -82],
] as const
const sized = (corners: readonly (readonly [number, number])[]) => corners.map(([x, y]) => new Vec2(x * SIZE, y * SIZE))
const HULL = [
  sized([
    [-60, 130],
    [60, 130],
    [60, 110],
    [-60, 110],
  ]),
  sized([
    [-15, 120],
    [15, 120],
    [20, 20],
    [-20, 20],
  ]),
  sized([
    [25, 20],
    [50, -10],
    [50, -40],
    [20, -90],
    [-20, -90],
    [-50, -40],
    [-50, -10],
    [-25, 20],
  ]),
  sized([
    [-50, -120],
    [50, -120],
    [50, -90],
    [-50, -90],
  ]),
]
const WHEEL = sized([
  [-WHEEL_W, WHEEL_R],
  [WHEEL_W, WHEEL_R],
  [WHEEL_W, -WHEEL_R],
  [-WHEEL_W, -WHEEL_R],
])
export const WHEEL_RADIUS = WHEEL_R * SIZE
export const WHEEL_HALF_WIDTH = WHEEL_W * SIZE

/** A piece of road. */
export interface Tile {
  index: number
  visited: boolean
}

export interface Wheel {
  body: Body
  joint: FastRevoluteJoint
  gas: number
  brake: number
  steer: number
  /** Angle, rad, and angular velocity, rad/s, of its own turning. */
  phase: number
  omega: number
  /** The road under it. */
  tiles: Set<Tile>
  /** Whether it slides so much that it leaves a trace. */
  skidding: boolean
}

export class RaceCar {
  readonly hull: Body
  readonly wheels: readonly Wheel[]

  constructor(world: World, angle: number, x: number, y: number) {
    this.hull = world.createDynamicBody({ position: new Vec2(x, y), angle })
    for (const corners of HULL) this.hull.createFixture({ shape: new Polygon(corners), density: 1 })
    this.wheels = WHEEL_PLACES.map(([wx, wy]) => this.#createWheel(world, angle, x, y, wx * SIZE, wy * SIZE))
  }

  #createWheel(world: World, angle: number, x: number, y: number, wx: number, wy: number): Wheel {
    const body = world.createDynamicBody({ position: new Vec2(x + wx, y + wy), angle })
    body.createFixture({ shape: new Polygon(WHEEL), density: 0.1, filterCategoryBits: 0x0020, filterMaskBits: 0x0001, restitution: 0 })
    const joint = new FastRevoluteJoint({
      bodyA: this.hull,
      bodyB: body,
      localAnchorA: new Vec2(wx, wy),
      localAnchorB: new Vec2(0, 0),
      enableMotor: true,
      enableLimit: true,
      maxMotorTorque: 180 * 900 * SIZE * SIZE,
      motorSpeed: 0,
      lowerAngle: -0.4,
      upperAngle: 0.4,
    })
    world.createJoint(joint)
    const wheel: Wheel = { body, joint, gas: 0, brake: 0, steer: 0, phase: 0, omega: 0, tiles: new Set(), skidding: false }
    body.setUserData(wheel)
    return wheel
  }

  /** Of the rear wheels. @param gas 0 … 1; it is taken up over ten steps but let go at once */
  gas(gas: number): void {
    const wanted = Math.min(Math.max(gas, 0), 1)
    for (const wheel of this.wheels.slice(2)) wheel.gas += Math.min(wanted - wheel.gas, 0.1)
  }

  /** @param brake 0 … 1; from 0.9 the wheels are blocked */
  brake(brake: number): void {
    for (const wheel of this.wheels) wheel.brake = brake
  }

  /** @param steer −1 … 1, the position wanted of the front wheels */
  steer(steer: number): void {
    for (const wheel of this.wheels.slice(0, 2)) wheel.steer = steer
  }

  /** @param dt seconds */
  step(dt: number): void {
    for (const wheel of this.wheels) stepWheel(wheel, dt)
  }
}

function stepWheel(wheel: Wheel, dt: number): void {
  const { body, joint } = wheel
  const off = wheel.steer - joint.getJointAngle()
  joint.setMotorSpeed(Math.sign(off) * Math.min(50 * Math.abs(off), 3))
  const limit = FRICTION_LIMIT * (wheel.tiles.size > 0 ? 1 : GRASS_GRIP)
  const angle = body.getAngle()
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const velocity = body.getLinearVelocity()
  // The wheel points along (−sin, cos).
  const forwards = -sin * velocity.x + cos * velocity.y
  const sideways = cos * velocity.x + sin * velocity.y
  // Power goes into speed; 5 rad/s keep the quotient finite at rest.
  wheel.omega += (dt * ENGINE_POWER * wheel.gas) / WHEEL_INERTIA / (Math.abs(wheel.omega) + 5)
  if (wheel.brake >= 0.9) wheel.omega = 0
  else if (wheel.brake > 0) wheel.omega -= Math.sign(wheel.omega) * Math.min(BRAKE_FORCE * wheel.brake, Math.abs(wheel.omega))
  wheel.phase += wheel.omega * dt
  let along = (wheel.omega * WHEEL_RADIUS - forwards) * SLIP_FORCE
  let across = -sideways * SLIP_FORCE
  const force = Math.sqrt(along * along + across * across)
  wheel.skidding = force > 2 * limit
  if (force > limit) {
    along *= limit / force
    across *= limit / force
  }
  wheel.omega -= (dt * along * WHEEL_RADIUS) / WHEEL_INERTIA
  body.applyForceToCenter(new Vec2(across * cos - along * sin, across * sin + along * cos), true)
}
