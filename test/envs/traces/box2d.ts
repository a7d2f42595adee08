import { type BipedalWalkerEnv, type CarRacingEnv, type LunarLanderEnv, make } from 'gymnura/envs'
import { landingAction, WalkingGait } from '../box2d-heuristics.js'
import { type Check, type Checks, decode, type GeneratorState, readTraces, same, sameState } from './read.js'

interface LanderTrace {
  seed: string
  kwargs: Record<string, unknown>
  heights: string
  obs: string
  /** Observations of the steps after, in which nothing is done. */
  later: string
  random: GeneratorState
  randomLater: GeneratorState
}

interface WalkerTrace {
  seed: string
  hardcore: boolean
  xs: string
  ys: string
  clouds: string
  obstacles: number
  obs: string
  random: GeneratorState
}

interface RaceTrace {
  seed: string
  kwargs: { continuous: boolean; domainRandomize: boolean }
  track: string
  kerbs: number
  colors: string
  random: GeneratorState
  /** Of each step: x, y, angle of the car, angular velocities of its wheels. */
  places: string
  rewards: string
  /** The last observation. */
  frame: string
}

interface Content {
  races: RaceTrace[]
  landers: LanderTrace[]
  walkers: WalkerTrace[]
  /** What each episode of a controller by hand brought. */
  returns: Record<string, number[]>
}

/** Doubles here, single precision there. */
const near = (tolerance: number) => (a: number, b: number) => !(Math.abs(a - b) <= tolerance)
/** How many standard errors the means of two samples may be apart. */
const STANDARD_ERRORS = 3

export const checks: Checks = (folder) => {
  const { landers, walkers, races, returns } = readTraces<Content>(folder, 'box2d')
  return [
    ...landers.map(
      (trace): Check => ({
        title: `LunarLander from seed ${trace.seed} ${JSON.stringify(trace.kwargs)} draws Gymnasium's moon, push and wind, and falls as there`,
        run: () => replayLander(trace),
      }),
    ),
    ...walkers.map(
      (trace): Check => ({
        title: `BipedalWalker from seed ${trace.seed}${trace.hardcore ? ', hardcore,' : ''} draws Gymnasium's ground and clouds`,
        run: () => replayWalker(trace),
      }),
    ),
    ...races.map(
      (trace): Check => ({
        title: `CarRacing from seed ${trace.seed} ${JSON.stringify(trace.kwargs)} draws Gymnasium's track and colours, drives as there, and looks like it`,
        run: () => replayRace(trace),
      }),
    ),
    ...Object.entries(returns).map(
      ([id, reference]): Check => ({
        title: `the controller by hand reaches in ${id} what it reaches in Gymnasium's, within ${STANDARD_ERRORS} standard errors`,
        run: () => compareReturns(id, reference),
      }),
    ),
  ]
}

function replayLander(trace: LanderTrace): void {
  const env = make('LunarLander-v3', trace.kwargs)
  const [obs] = env.reset({ seed: BigInt(trace.seed) })
  const what = `LunarLander seed ${trace.seed}`
  same((env.unwrapped as unknown as LunarLanderEnv).terrain, decode(trace.heights, 'f8'), `${what} heights`)
  sameState(env.npRandom, trace.random, what)
  same(obs, decode(trace.obs, 'f4'), `${what} first observation`, near(2e-6))
  const action = (trace.kwargs.continuous ? new Float32Array(2) : 0) as number
  const expected = decode(trace.later, 'f4')
  for (let i = 0; i < expected.length / 8; i++) {
    same(env.step(action)[0], expected.subarray(8 * i, 8 * i + 8), `${what} step ${i}`, near(1e-4))
  }
  sameState(env.npRandom, trace.randomLater, `${what} later`)
}

function replayWalker(trace: WalkerTrace): void {
  const env = make('BipedalWalker-v3', { hardcore: trace.hardcore })
  const [obs] = env.reset({ seed: BigInt(trace.seed) })
  const what = `BipedalWalker seed ${trace.seed}`
  const { terrain, clouds } = env.unwrapped as unknown as BipedalWalkerEnv
  same(terrain.xs, decode(trace.xs, 'f8'), `${what} xs`)
  same(terrain.ys, decode(trace.ys, 'f8'), `${what} ys`)
  same(
    clouds.flatMap(({ outline }) => outline.flat()),
    decode(trace.clouds, 'f8'),
    `${what} clouds`,
  )
  same([terrain.obstacles.length], [trace.obstacles], `${what} obstacles`)
  sameState(env.npRandom, trace.random, what)
  same(obs, decode(trace.obs, 'f4'), `${what} first observation`, near(2e-3))
}

const HAND = [3, 1, 3, 2, 0, 4]

/** The track is a path of hundreds of sines, each of which may be rounded the other way. */
function replayRace({ seed, kwargs, ...trace }: RaceTrace): void {
  const env = make('CarRacing-v3', kwargs)
  env.reset({ seed: BigInt(seed) })
  const what = `CarRacing seed ${seed}`
  const { track, colors } = env.unwrapped as unknown as CarRacingEnv
  same(track.points.flat(), decode(trace.track, 'f8'), `${what} track`, near(1e-9))
  same([track.kerbs.length], [trace.kerbs], `${what} kerbs`)
  same([colors.road, colors.ground, colors.grass].flat(), decode(trace.colors, 'f8'), `${what} colours`)
  sameState(env.npRandom, trace.random, what)
  const places = decode(trace.places, 'f8')
  const rewards = decode(trace.rewards, 'f8')
  let frame = new Uint8Array()
  for (let i = 0; i < rewards.length; i++) {
    const gas = i < 50 ? 0.4 : 0
    const action = kwargs.continuous ? Float32Array.of(0.1 * Math.sin(i / 8), gas, i < 70 ? 0 : 0.3) : HAND[Math.floor(i / 12) % 6]!
    const [observation, reward] = env.step(action)
    const { hull, wheels } = (env.unwrapped as unknown as CarRacingEnv).car
    const place = [hull.getPosition().x, hull.getPosition().y, hull.getAngle(), ...wheels.map(({ omega }) => omega)]
    same(place, places.subarray(7 * i, 7 * i + 7), `${what} step ${i}`, near(5e-2))
    same([reward], rewards.subarray(i, i + 1), `${what} reward ${i}`, near(1e-9))
    frame = observation as Uint8Array<ArrayBuffer>
  }
  const expected = decode(trace.frame, 'u1')
  const difference = frame.reduce((sum, value, i) => sum + Math.abs(value - expected[i]!), 0) / expected.length
  if (!(difference < 4)) throw new Error(`${what}: the picture differs by ${difference} of 255 a byte`)
}

function episode(id: string, seed: number): number {
  const env = make(id)
  const gait = new WalkingGait()
  let [observation] = env.reset({ seed }) as [Float32Array, unknown]
  let walking = [0, 0, 0, 0]
  let total = 0
  for (let ended = false; !ended; ) {
    const action = id.startsWith('Bipedal') ? walking : landingAction(observation, id.includes('Continuous'))
    const [next, reward, terminated, truncated] = env.step(action)
    observation = next as Float32Array
    if (id.startsWith('Bipedal')) walking = gait.action(observation)
    total += reward
    ended = terminated || truncated
  }
  return total
}

function moments(values: readonly number[]): { mean: number; error: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
  return { mean, error: variance / values.length }
}

function compareReturns(id: string, reference: readonly number[]): void {
  const ours = moments(reference.map((_, seed) => episode(id, seed)))
  const theirs = moments(reference)
  const apart = Math.abs(ours.mean - theirs.mean) / Math.sqrt(ours.error + theirs.error)
  if (!(apart <= STANDARD_ERRORS)) {
    throw new Error(`${id}: a mean of ${ours.mean}, expected ${theirs.mean}; that is ${apart} standard errors apart`)
  }
}
