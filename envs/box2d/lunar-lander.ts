import { type Body, Box as BoxShape, Edge, Polygon, Vec2, World } from 'planck'
import type { StepResult } from '../env.js'
import { InvalidAction, InvalidKwargs } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import { warn } from '../logger.js'
import type { Drawing } from '../rendering/canvas.js'
import { shown } from '../shown.js'
import { Box, Discrete, type Space } from '../spaces/index.js'
import { Box2dEnv } from './box2d-env.js'
import { FastRevoluteJoint } from './fast-revolute-joint.js'
import { drawingOf, type Flame, type LanderScene } from './lunar-lander-render.js'

/** Frames a second, and pixels a metre of the 600 × 400 view. */
const FPS = 50
const SCALE = 30
const VIEW_WIDTH = 600
const VIEW_HEIGHT = 400
const W = VIEW_WIDTH / SCALE
const H = VIEW_HEIGHT / SCALE

const MAIN_ENGINE_POWER = 13
const SIDE_ENGINE_POWER = 0.6
/** The random push at the start, N along each axis. */
const INITIAL_PUSH = 1000
const CHUNKS = 11
const VELOCITY_ITERATIONS = 180
const POSITION_ITERATIONS = 60

const HULL = [
  [-14, 17],
  [-17, 0],
  [-17, -10],
  [17, -10],
  [17, 0],
  [14, 17],
].map(([x, y]) => new Vec2(x! / SCALE, y! / SCALE))
const LEG_AWAY = 20 / SCALE
const LEG_DOWN = 18 / SCALE
const LEG_HALF_WIDTH = 2 / SCALE
const LEG_HALF_HEIGHT = 8 / SCALE
const LEG_SPRING_TORQUE = 40
const MAIN_ENGINE_Y = 4 / SCALE
const SIDE_ENGINE_AWAY = 12 / SCALE
const SIDE_ENGINE_HEIGHT = 14 / SCALE
/** Where Gymnasium's side engines push, measured along the hull: not their height, so the push also turns a tilted lander. */
const SIDE_ENGINE_OFFSET = 17 / SCALE

const GROUND = 0x0001
const HULL_CATEGORY = 0x0010
const LEG_CATEGORY = 0x0020

export interface LunarLanderOptions {
  /** Two throttles in [−1, 1] (main, side) instead of four actions. */
  continuous?: boolean
  /** Between −12 and 0, m/s². */
  gravity?: number
  enableWind?: boolean
  windPower?: number
  turbulencePower?: number
  renderMode?: string | null
}

const ENGINE_KEYS = { '': 0, ArrowLeft: 1, ArrowUp: 2, ArrowRight: 3 }
const THRUST_KEYS = { '': [0, 0], ArrowLeft: [0, -1], ArrowUp: [1, 0], ArrowRight: [0, 1] }

/**
 * LunarLander-v3: land between the flags. Actions: 0 nothing, 1 left engine, 2 main engine, 3 right engine. Observation: position,
 * velocity, angle, angular velocity, contact of each leg. Reward: progress towards a gentle, upright landing, less the fuel; −100 for a
 * crash or for leaving the view, 100 for coming to rest.
 */
export class LunarLanderEnv extends Box2dEnv<Float32Array, number | ArrayLike<number>> {
  override readonly actionSpace: Space<number | ArrayLike<number>>
  override readonly observationSpace = new Box([-2.5, -2.5, -10, -10, -2 * Math.PI, -10, -0, -0], [2.5, 2.5, 10, 10, 2 * Math.PI, 10, 1, 1])
  readonly #continuous: boolean
  readonly #gravity: number
  readonly #wind: { power: number; turbulence: number } | null
  #world!: World
  #lander!: Body
  #legs: Body[] = []
  #contact: [boolean, boolean] = [false, false]
  #crashed = false
  #heights: number[] = []
  #windIndex = 0
  #torqueIndex = 0
  #previousShaping: number | null = null
  /** Decoration. */
  #flames: Flame[] = []

  /** @throws InvalidKwargs */
  constructor(options: LunarLanderOptions = {}) {
    super()
    checkKwargs('LunarLander', options, ['continuous', 'gravity', 'enableWind', 'windPower', 'turbulencePower', 'renderMode'])
    const { continuous = false, gravity = -10, enableWind = false, windPower = 15, turbulencePower = 1.5, renderMode = null } = options
    if (!(typeof gravity === 'number' && gravity > -12 && gravity < 0)) {
      throw new InvalidKwargs(`gravity of LunarLander lies between -12 and 0, got ${shown(gravity)}`)
    }
    checkFlags('LunarLander', { continuous, enableWind })
    for (const [name, value, most] of [
      ['windPower', windPower, 20],
      ['turbulencePower', turbulencePower, 2],
    ] as const) {
      if (typeof value !== 'number' || !Number.isFinite(value))
        throw new InvalidKwargs(`${name} of LunarLander is a number, got ${shown(value)}`)
      if (value < 0 || value > most) warn(`${name} of LunarLander is meant to be between 0 and ${most}, got ${value}`)
    }
    this.#continuous = continuous
    this.metadata = { ...this.metadata, keysToAction: continuous ? THRUST_KEYS : ENGINE_KEYS }
    this.#gravity = gravity
    this.#wind = enableWind ? { power: windPower, turbulence: turbulencePower } : null
    this.renderMode = renderMode
    const space = continuous ? new Box(-1, 1, { shape: [2] }) : new Discrete(4)
    this.actionSpace = space as unknown as Space<number | ArrayLike<number>>
  }

  /** Heights of the ground at the 11 edges of its chunks, m. */
  get terrain(): readonly number[] {
    return this.#heights
  }

  protected override begin(): Float32Array {
    const draws = this.draws
    const rough = Array.from({ length: CHUNKS + 1 }, () => draws.uniform(0, H / 2))
    this.#heights = landscape(rough)
    this.#world = new World({ gravity: new Vec2(0, this.#gravity) })
    this.#createGround()
    this.#crashed = false
    this.#previousShaping = null
    this.#flames = []
    this.#lander = this.#world.createDynamicBody({ position: new Vec2(W / 2, H) })
    this.#lander.createFixture({
      shape: new Polygon(HULL),
      density: 5,
      friction: 0.1,
      restitution: 0,
      filterCategoryBits: HULL_CATEGORY,
      filterMaskBits: GROUND,
    })
    const push = draws.uniform(-INITIAL_PUSH, INITIAL_PUSH)
    this.#lander.applyForceToCenter(new Vec2(push, draws.uniform(-INITIAL_PUSH, INITIAL_PUSH)), true)
    if (this.#wind) {
      this.#windIndex = draws.integers(-9999, 9999)
      this.#torqueIndex = draws.integers(-9999, 9999)
    }
    this.#legs = [this.#createLeg(-1), this.#createLeg(1)]
    this.#contact = [false, false]
    this.#listen()
    return this.#fly(0, 0)[0]
  }

  #createGround(): void {
    const moon = this.#world.createBody()
    moon.createFixture({ shape: new Edge(new Vec2(0, 0), new Vec2(W, 0)) })
    for (let i = 0; i < CHUNKS - 1; i++) {
      const edge = new Edge(new Vec2(chunkX(i), this.#heights[i]!), new Vec2(chunkX(i + 1), this.#heights[i + 1]!))
      moon.createFixture({ shape: edge, density: 0, friction: 0.1 })
    }
  }

  /** @param side −1 for the first leg, 1 for the second */
  #createLeg(side: -1 | 1): Body {
    const leg = this.#world.createDynamicBody({ position: new Vec2(W / 2 - side * LEG_AWAY, H), angle: side * 0.05 })
    leg.createFixture({
      shape: new BoxShape(LEG_HALF_WIDTH, LEG_HALF_HEIGHT),
      density: 1,
      restitution: 0,
      filterCategoryBits: LEG_CATEGORY,
      filterMaskBits: GROUND,
    })
    const [lowerAngle, upperAngle] = side < 0 ? [0.9 - 0.5, 0.9] : [-0.9, -0.9 + 0.5]
    this.#world.createJoint(
      new FastRevoluteJoint({
        bodyA: this.#lander,
        bodyB: leg,
        localAnchorA: new Vec2(0, 0),
        localAnchorB: new Vec2(side * LEG_AWAY, LEG_DOWN),
        enableMotor: true,
        enableLimit: true,
        maxMotorTorque: LEG_SPRING_TORQUE,
        motorSpeed: 0.3 * side,
        lowerAngle,
        upperAngle,
      }),
    )
    return leg
  }

  #listen(): void {
    const touch = (bodies: readonly Body[], touching: boolean) => {
      if (touching && bodies.includes(this.#lander)) this.#crashed = true
      for (const i of [0, 1] as const) if (bodies.includes(this.#legs[i]!)) this.#contact[i] = touching
    }
    this.#world.on('begin-contact', (contact) => touch([contact.getFixtureA().getBody(), contact.getFixtureB().getBody()], true))
    this.#world.on('end-contact', (contact) => touch([contact.getFixtureA().getBody(), contact.getFixtureB().getBody()], false))
  }

  /** @throws InvalidAction, ResetNeeded */
  protected override advance(action: number | ArrayLike<number>): StepResult<Float32Array> {
    if (!this.#continuous) {
      if (!(action === 0 || action === 1 || action === 2 || action === 3)) {
        throw new InvalidAction(`LunarLander's actions are 0 (nothing), 1 (left), 2 (main), 3 (right engine), got ${shown(action)}`)
      }
      return this.#fly(action === 2 ? 1 : 0, action === 1 ? -1 : action === 3 ? 1 : 0)
    }
    const [main, lateral] = throttles(action)
    const side = Math.abs(lateral) > 0.5 ? Math.sign(lateral) * Math.min(Math.max(Math.abs(lateral), 0.5), 1) : 0
    return this.#fly(main > 0 ? (Math.min(main, 1) + 1) * 0.5 : 0, side)
  }

  /** @param main power of the main engine, 0 or 0.5 … 1 @param lateral that of the side engines, negative for the left one */
  #fly(main: number, lateral: number): StepResult<Float32Array> {
    this.#blow()
    const draws = this.draws
    const lander = this.#lander
    const angle = lander.getAngle()
    const [tipX, tipY] = [Math.sin(angle), Math.cos(angle)]
    const [sideX, sideY] = [-tipY, tipX]
    const spread = draws.uniform(-1, 1) / SCALE
    const sideways = draws.uniform(-1, 1) / SCALE
    if (main > 0) {
      const ox = tipX * (MAIN_ENGINE_Y + 2 * spread) + sideX * sideways
      const oy = -tipY * (MAIN_ENGINE_Y + 2 * spread) - sideY * sideways
      const { x, y } = lander.getPosition()
      this.#thrust(ox, oy, x + ox, y + oy, MAIN_ENGINE_POWER * main)
    }
    const power = Math.abs(lateral)
    if (power > 0) {
      const along = 3 * sideways + Math.sign(lateral) * SIDE_ENGINE_AWAY
      const ox = tipX * spread + sideX * along
      const oy = -tipY * spread - sideY * along
      const { x, y } = lander.getPosition()
      this.#thrust(ox, oy, x + ox - tipX * SIDE_ENGINE_OFFSET, y + oy + tipY * SIDE_ENGINE_HEIGHT, SIDE_ENGINE_POWER * power)
    }
    this.#world.step(1 / FPS, VELOCITY_ITERATIONS, POSITION_ITERATIONS)
    return this.#judge(main, power)
  }

  /** Wind pushes and turns the lander until a leg touches the ground. */
  #blow(): void {
    if (this.#wind === null || this.#contact[0] || this.#contact[1]) return
    // The sum of two sines whose periods have no common multiple never repeats.
    const gust = (index: number) => Math.tanh(Math.sin(0.02 * index) + Math.sin(Math.PI * 0.01 * index))
    this.#lander.applyForceToCenter(new Vec2(gust(this.#windIndex++) * this.#wind.power, 0), true)
    this.#lander.applyTorque(gust(this.#torqueIndex++) * this.#wind.turbulence, true)
  }

  #thrust(ox: number, oy: number, x: number, y: number, power: number): void {
    this.#lander.applyLinearImpulse(new Vec2(-ox * power, -oy * power), new Vec2(x, y), true)
    if (this.renderMode !== null && !this.replaying) this.#flames.push({ x, y, vx: 3 * ox, vy: 3 * oy, ttl: 1 })
  }

  #judge(main: number, lateral: number): StepResult<Float32Array> {
    const lander = this.#lander
    const position = lander.getPosition()
    const velocity = lander.getLinearVelocity()
    const x = (position.x - W / 2) / (W / 2)
    const y = (position.y - (H / 4 + LEG_DOWN)) / (H / 2)
    const vx = (velocity.x * (W / 2)) / FPS
    const vy = (velocity.y * (H / 2)) / FPS
    const angle = lander.getAngle()
    const left = this.#contact[0] ? 1 : 0
    const right = this.#contact[1] ? 1 : 0
    const shaping = -100 * Math.sqrt(x * x + y * y) - 100 * Math.sqrt(vx * vx + vy * vy) - 100 * Math.abs(angle) + 10 * left + 10 * right
    let reward = this.#previousShaping === null ? 0 : shaping - this.#previousShaping
    this.#previousShaping = shaping
    reward -= main * 0.3
    reward -= lateral * 0.03
    let terminated = false
    if (this.#crashed || Math.abs(x) >= 1) {
      terminated = true
      reward = -100
    }
    if (!lander.isAwake()) {
      terminated = true
      reward = 100
    }
    const observation = Float32Array.of(x, y, vx, vy, angle, (20 * lander.getAngularVelocity()) / FPS, left, right)
    return [observation, reward, terminated, false, {}]
  }

  override drawing(): Drawing | null {
    if (!this.started) return null
    const place = (body: Body) => ({ x: body.getPosition().x, y: body.getPosition().y, angle: body.getAngle() })
    const scene: LanderScene = {
      heights: this.#heights,
      chunkX,
      hull: HULL.map(({ x, y }) => [x, y]),
      leg: [LEG_HALF_WIDTH, LEG_HALF_HEIGHT],
      lander: place(this.#lander),
      legs: this.#legs.map(place),
      flames: this.#flames,
    }
    const drawing = drawingOf(scene, SCALE)
    // Flames fly on and fade from picture to picture.
    this.#flames = this.#flames
      .map(({ x, y, vx, vy, ttl }) => ({ x: x + vx / 5, y: y + vy / 5, vx, vy, ttl: ttl - 0.15 }))
      .filter(({ ttl }) => ttl > 0)
    return drawing
  }
}

function chunkX(i: number): number {
  return (W / (CHUNKS - 1)) * i
}

/** From drawn heights: flat in the middle, smoothed by means of three neighbours (the first has the last one before it). */
function landscape(rough: readonly number[]): number[] {
  const middle = Math.floor(CHUNKS / 2)
  const heights = rough.map((height, i) => (Math.abs(i - middle) <= 2 ? H / 4 : height))
  return Array.from({ length: CHUNKS }, (_, i) => 0.33 * (heights.at(i - 1)! + heights[i]! + heights[i + 1]!))
}

/** Both throttles, cut off at ±1. @throws InvalidAction */
function throttles(action: number | ArrayLike<number>): [number, number] {
  if (typeof action === 'object' && action?.length === 2) {
    const [main, lateral] = [action[0], action[1]]
    if (typeof main === 'number' && typeof lateral === 'number' && !Number.isNaN(main) && !Number.isNaN(lateral)) {
      return [Math.min(Math.max(main, -1), 1), Math.min(Math.max(lateral, -1), 1)]
    }
  }
  throw new InvalidAction(`an action of LunarLanderContinuous is two throttles [main, side] in [-1, 1], got ${shown(action)}`)
}
