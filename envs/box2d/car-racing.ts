import { type Body, type Contact, Polygon, Vec2, World } from 'planck'
import type { Info, StepResult } from '../env.js'
import { InvalidAction, InvalidKwargs } from '../errors.js'
import { checkFlags, checkKwargs } from '../kwargs.js'
import { warn } from '../logger.js'
import type { Color, Drawing } from '../rendering/canvas.js'
import { rasterized } from '../rendering/raster.js'
import { shown } from '../shown.js'
import { Box, Discrete, type Space } from '../spaces/index.js'
import { invalidState, type SavedObject } from '../state.js'
import { Box2dEnv } from './box2d-env.js'
import { drawingOf, type RaceColors, type RaceScene } from './car-racing-render.js'
import { RaceCar, type Tile, type Wheel } from './race-car.js'
import { drawTrack, type RaceTrack } from './race-track.js'

const FPS = 50
const PLAYFIELD = 2000 / 6
const STATE_SIDE = 96
const VIDEO_WIDTH = 600
const VIDEO_HEIGHT = 400
const VELOCITY_ITERATIONS = 180
const POSITION_ITERATIONS = 60
/** Points of a trace of rubber, and traces that stay. */
const SKID_LENGTH = 30
const SKIDS = 30

const KEYS = { '': [0, 0, 0], ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, 1, 0], ArrowDown: [0, 0, 0.8] }
const CHOICE_KEYS = { '': 0, ArrowRight: 1, ArrowLeft: 2, ArrowUp: 3, ArrowDown: 4 }

const USUAL: RaceColors = { road: [102, 102, 102], ground: [102, 204, 102], grass: [102, 230, 102] }

export interface CarRacingOptions {
  /** Tells of tracks that did not close. */
  verbose?: boolean
  /** The share of tiles that makes a lap. */
  lapCompletePercent?: number
  /** Other colours each episode; `reset({ options: { randomize: false } })` keeps them. */
  domainRandomize?: boolean
  /** [steer, gas, brake] instead of five actions. */
  continuous?: boolean
  renderMode?: string | null
}

/**
 * CarRacing-v3: drive around a random track, seen from above. Actions: steering in [−1, 1], gas and brake in [0, 1]; or 0 nothing, 1 right,
 * 2 left, 3 gas, 4 brake. Observation: 96 × 96 pixels in red, green and blue. Reward: 1000 / tiles for each new tile, −0.1 a step; −100 for
 * leaving the field.
 */
export class CarRacingEnv extends Box2dEnv<Uint8Array, number | ArrayLike<number>> {
  override readonly actionSpace: Space<number | ArrayLike<number>>
  override readonly observationSpace = new Box(0, 255, { shape: [STATE_SIDE, STATE_SIDE, 3], dtype: 'uint8' })
  readonly #continuous: boolean
  readonly #domainRandomize: boolean
  readonly #lapCompletePercent: number
  readonly #verbose: boolean
  #colors = USUAL
  /** As they were before the episode. */
  #colorsBefore = USUAL
  #car!: RaceCar
  #world!: World
  #track!: RaceTrack
  #tiles: Tile[] = []
  #tileColors: Color[] = []
  #visited = 0
  #reward = 0
  #previousReward = 0
  #seconds = 0
  #lapFinished = false
  #skids: RaceScene['skids'] = []

  /** @throws InvalidKwargs */
  constructor(options: CarRacingOptions = {}) {
    super()
    checkKwargs('CarRacing', options, ['verbose', 'lapCompletePercent', 'domainRandomize', 'continuous', 'renderMode'])
    const { verbose = false, lapCompletePercent = 0.95, domainRandomize = false, continuous = true, renderMode = null } = options
    checkFlags('CarRacing', { verbose, domainRandomize, continuous })
    if (typeof lapCompletePercent !== 'number' || Number.isNaN(lapCompletePercent)) {
      throw new InvalidKwargs(`lapCompletePercent of CarRacing is a share between 0 and 1, got ${shown(lapCompletePercent)}`)
    }
    this.#verbose = verbose
    this.#lapCompletePercent = lapCompletePercent
    this.#domainRandomize = domainRandomize
    this.#continuous = continuous
    this.renderMode = renderMode
    this.metadata = { ...this.metadata, keysToAction: continuous ? KEYS : CHOICE_KEYS }
    const space = continuous ? new Box([-1, 0, 0], [1, 1, 1]) : new Discrete(5)
    this.actionSpace = space as unknown as Space<number | ArrayLike<number>>
    if (domainRandomize) this.#colors = this.#drawColors()
  }

  get track(): RaceTrack {
    return this.#track
  }

  get car(): RaceCar {
    return this.#car
  }

  get colors(): RaceColors {
    return this.#colors
  }

  #drawColors(): RaceColors {
    const draws = this.draws
    const color = (): [number, number, number] => [draws.uniform(0, 210), draws.uniform(0, 210), draws.uniform(0, 210)]
    const [road, ground] = [color(), color()]
    const grass: [number, number, number] = [...ground]
    grass[draws.integers(3)]! += 20
    return { road, ground, grass }
  }

  protected override begin(options: Record<string, unknown>): Uint8Array {
    this.#colorsBefore = this.#colors
    if (this.#domainRandomize && (options.randomize ?? true)) this.#colors = this.#drawColors()
    this.#reward = this.#previousReward = this.#seconds = this.#visited = 0
    this.#lapFinished = false
    this.#skids = []
    let track = drawTrack(this.draws)
    while (track === null) {
      if (this.#verbose) warn('CarRacing draws another track: the last one did not close (that is normal now and then)')
      track = drawTrack(this.draws)
    }
    this.#track = track
    this.#world = new World({ gravity: new Vec2(0, 0) })
    this.#createTiles()
    this.#world.on('begin-contact', (contact) => this.#touch(contact, true))
    this.#world.on('end-contact', (contact) => this.#touch(contact, false))
    const [, beta, x, y] = track.points[0]!
    this.#car = new RaceCar(this.#world, beta, x, y)
    this.#drive()
    return this.#observe()
  }

  #createTiles(): void {
    const { road } = this.#colors
    this.#tiles = this.#track.tiles.map((corners, index) => {
      const tile: Tile = { index, visited: false }
      const body = this.#world.createBody({ userData: tile })
      body.createFixture({ shape: new Polygon(corners.map(([x, y]) => new Vec2(x, y))), density: 0, isSensor: true })
      return tile
    })
    // Three shades in turn, until something has driven over them.
    this.#tileColors = this.#tiles.map((_, i) => road.map((value) => Math.trunc(value + 0.01 * (i % 3) * 255)) as unknown as Color)
  }

  #touch(contact: Contact, begins: boolean): void {
    const [one, other] = [contact.getFixtureA().getBody(), contact.getFixtureB().getBody()]
    const [body, toucher] = isTile(one.getUserData()) ? [one, other] : [other, one]
    const tile = body.getUserData()
    if (!isTile(tile)) return
    this.#tileColors[tile.index] = this.#colors.road.map(Math.trunc) as unknown as Color
    const wheel = wheelOf(toucher)
    if (wheel === null) return
    if (!begins) {
      wheel.tiles.delete(tile)
      return
    }
    wheel.tiles.add(tile)
    if (tile.visited) return
    tile.visited = true
    this.#reward += 1000 / this.#tiles.length
    this.#visited++
    if (tile.index === 0 && this.#visited / this.#tiles.length > this.#lapCompletePercent) this.#lapFinished = true
  }

  #drive(): void {
    this.#car.step(1 / FPS)
    this.#world.step(1 / FPS, VELOCITY_ITERATIONS, POSITION_ITERATIONS)
    this.#seconds += 1 / FPS
    if (this.renderMode !== null && !this.replaying) this.#leaveTraces()
  }

  /** @throws InvalidAction */
  protected override advance(action: number | ArrayLike<number>): StepResult<Uint8Array> {
    const [steer, gas, brake] = this.#continuous ? controls(action) : choice(action)
    this.#car.steer(-steer)
    this.#car.gas(gas)
    this.#car.brake(brake)
    this.#drive()
    this.#reward -= 0.1
    let reward = this.#reward - this.#previousReward
    this.#previousReward = this.#reward
    const info: Info = {}
    let terminated = false
    if (this.#visited === this.#tiles.length || this.#lapFinished) {
      terminated = true
      info.lapFinished = true
    }
    const { x, y } = this.#car.hull.getPosition()
    if (Math.abs(x) > PLAYFIELD || Math.abs(y) > PLAYFIELD) {
      terminated = true
      info.lapFinished = false
      reward = -100
    }
    return [this.#observe(), reward, terminated, false, info]
  }

  #leaveTraces(): void {
    for (const [i, wheel] of this.#car.wheels.entries()) {
      const { x, y } = wheel.body.getPosition()
      const grass = wheel.tiles.size === 0
      const last = this.#skids.findLast((skid) => skid.wheel === i)
      const goesOn = last?.open && last.grass === grass && last.points.length < SKID_LENGTH
      if (!wheel.skidding) {
        if (last) last.open = false
      } else if (goesOn) last.points.push([x, y])
      else this.#skids = [...this.#skids, { wheel: i, grass, open: true, points: [[x, y] as const] }].slice(-SKIDS)
    }
  }

  #scene(): RaceScene {
    return {
      track: this.#track,
      tileColors: this.#tileColors,
      colors: this.#colors,
      car: this.#car,
      seconds: this.#seconds,
      reward: this.#reward,
      skids: this.#skids,
    }
  }

  #observe(): Uint8Array {
    // Nobody looks while an episode is done again.
    if (this.replaying) return new Uint8Array(0)
    return rasterized(drawingOf(this.#scene(), STATE_SIDE, STATE_SIDE, false)).data
  }

  override drawing(): Drawing | null {
    return this.started ? drawingOf(this.#scene(), VIDEO_WIDTH, VIDEO_HEIGHT, true) : null
  }

  protected override saveOwn(): SavedObject {
    return { ...super.saveOwn(), colorsBefore: this.started ? this.#colorsBefore : this.#colors }
  }

  protected override loadOwn(own: SavedObject): void {
    const { colorsBefore, ...episode } = own
    const { road, ground, grass } = (colorsBefore ?? {}) as Partial<RaceColors>
    if (![road, ground, grass].every((color) => Array.isArray(color) && color.length === 3)) {
      throw invalidState(`colorsBefore of a CarRacing state has { road, ground, grass }, got ${shown(colorsBefore)}`)
    }
    this.#colors = colorsBefore as RaceColors
    super.loadOwn(episode)
  }
}

const isTile = (data: unknown): data is Tile => typeof data === 'object' && data !== null && 'visited' in data

function wheelOf(body: Body): Wheel | null {
  const data = body.getUserData() as Wheel | null
  return typeof data === 'object' && data !== null && 'tiles' in data ? data : null
}

/** @throws InvalidAction */
function controls(action: number | ArrayLike<number>): [number, number, number] {
  const list = typeof action === 'object' && action?.length === 3 ? Array.from(action) : []
  if (list.length !== 3 || !list.every((value) => typeof value === 'number' && Number.isFinite(value))) {
    throw new InvalidAction(`an action of CarRacing is [steer in -1 to 1, gas, brake in 0 to 1], got ${shown(action)}`)
  }
  return list as [number, number, number]
}

/** @throws InvalidAction */
function choice(action: number | ArrayLike<number>): [number, number, number] {
  if (!(action === 0 || action === 1 || action === 2 || action === 3 || action === 4)) {
    throw new InvalidAction(`CarRacing's actions are 0 (nothing), 1 (right), 2 (left), 3 (gas), 4 (brake), got ${shown(action)}`)
  }
  return [action === 1 ? 0.6 : action === 2 ? -0.6 : 0, action === 3 ? 0.2 : 0, action === 4 ? 0.8 : 0]
}
