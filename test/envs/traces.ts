/**
 * Reads what test/golden/envs/make.py wrote and replays it on our environments. Each replay throws at the first difference.
 * Used for the golden files by the tests, and for traces of the day by test/reference/envs.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { childRandom, make, makeVec, RandomGenerator, SeedSequence, setWarningHandler, spaces, type VectorInfos } from 'gymnura/envs'

type Arrays = { f4: Float32Array; f8: Float64Array; u1: Uint8Array }

function decode<T extends keyof Arrays>(base64: string, dtype: T): Arrays[T] {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  const constructors = { f4: Float32Array, f8: Float64Array, u1: Uint8Array }
  return new constructors[dtype](bytes.buffer) as Arrays[T]
}

export function readTraces<T>(folder: string, name: string): T {
  return JSON.parse(gunzipSync(readFileSync(join(folder, `${name}.json.gz`))).toString()) as T
}

interface GeneratorState {
  state: string
  inc: string
  hasUint32: number
  uinteger: number
}

export interface StreamTrace {
  seed: string
  ops: { op: string; args: unknown[]; values: string; text?: string[] }[]
  state: GeneratorState
}

export interface TailTrace {
  seed: string
  count: number
  standard_normal: Tail
  standard_exponential: Tail
}

interface Tail {
  at: number[]
  values: string
  sum: string
  state: GeneratorState
}

export interface SequenceTrace {
  seed: string
  spawnKey: number[]
  words: number[]
  child: number[]
  random: string
}

export interface SpaceTrace {
  space: { type: string; low?: unknown; high?: unknown }
  seed: string
  samples: string
  mask?: number[] | number[][]
  probability?: string
  masked?: string
  weighted?: string
}

export interface EpisodeTrace {
  id: string
  seed: string
  beyond: boolean
  options: Record<string, number> | null
  kwargs: Record<string, unknown>
  obs: string
  state: string
  reward: string
  terminated: string
  truncated: string
  action: string
  random: GeneratorState
}

export interface VectorTrace {
  mode: 'vector_entry_point' | 'sync'
  autoreset: 'next-step' | 'same-step' | 'disabled'
  seed: string | string[]
  actionSeed: string
  numEnvs: number
  options: Record<string, number> | null
  maxEpisodeSteps: number | null
  rewardDtype: string
  suttonBartoReward: boolean
  obs: string
  reward: string
  terminated: string
  truncated: string
  action: string
  final: string
  resetObs: string
}

/**
 * How far a state may be off in a trace of the day. NumPy takes its sines from the platform's C library, which rounds a few in ten
 * thousand wrongly, and an unbalanced pole doubles any difference every nine steps. So after such a sine the state may differ in its
 * last bits; it is counted and set to Gymnasium's, and the run goes on. The golden files have no such step and are compared exactly.
 */
const STATE_TOLERANCE = 4 * Number.EPSILON

function same(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  apart: (a: number, b: number) => boolean = () => true,
): void {
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} numbers, expected ${expected.length}`)
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i] && apart(actual[i]!, expected[i]!))
      throw new Error(`${what}: number ${i} is ${actual[i]}, expected ${expected[i]}`)
  }
}

function sameState(random: RandomGenerator, expected: GeneratorState, what: string): void {
  const { state, inc, hasUint32, uinteger } = random.getState()
  const actual = JSON.stringify([state, inc, hasUint32, hasUint32 ? uinteger : 0])
  const wanted = JSON.stringify([expected.state, expected.inc, expected.hasUint32, expected.hasUint32 ? expected.uinteger : 0])
  if (actual !== wanted) throw new Error(`${what}: the generator ends at ${actual}, expected ${wanted}`)
}

const times = (count: number, draw: () => number) => Array.from({ length: count }, draw)

/** Calls the method that an op of a trace names. */
function perform(random: RandomGenerator, op: string, args: unknown[]): ArrayLike<number> {
  const n = args as number[]
  switch (op) {
    case 'random':
      return times(n[0]!, () => random.random())
    case 'integers':
      return times(n[3]!, () => random.integers(n[0]!, n[1]!, args[2] as 'int8'))
    case 'integersArray':
      return random.integersArray(n[0]!, n[1]!, n[3]!, args[2] as 'int8')
    case 'uniform':
      return times(n[2]!, () => random.uniform(n[0]!, n[1]!))
    case 'standardNormal':
      return times(n[0]!, () => random.standardNormal())
    case 'normal':
      return times(n[2]!, () => random.normal(n[0]!, n[1]!))
    case 'standardExponential':
      return times(n[0]!, () => random.standardExponential())
    case 'exponential':
      return times(n[1]!, () => random.exponential(n[0]!))
    case 'choice':
      return times(n[2]!, () => random.choice(n[0]!, (args[1] as number[] | null) ?? undefined))
    case 'choices':
      return random.choices(n[0]!, n[1]!, args[2] as { replace?: boolean })
    case 'permutation':
      return random.permutation(n[0]!)
    case 'shuffle': {
      const values = times(n[0]!, () => 0).map((_, i) => i)
      random.shuffle(values)
      return values
    }
    case 'spawn':
      return n.flatMap((count) => random.spawn(count)).map((child) => child.random())
    default:
      throw new Error(`no such op: ${op}`)
  }
}

export function replayStream({ seed, ops, state }: StreamTrace): void {
  const random = new RandomGenerator(BigInt(seed))
  for (const [i, { op, args, values, text }] of ops.entries()) {
    const what = `seed ${seed}, op ${i} ${op}(${JSON.stringify(args)})`
    if (text) {
      const draws = text.map(() => random.bigIntegers(BigInt(args[0] as string), BigInt(args[1] as string)).toString())
      if (draws.join() !== text.join()) throw new Error(`${what}: ${draws}, expected ${text}`)
    } else same(perform(random, op, args), decode(values, 'f8'), what)
  }
  sameState(random, state, `seed ${seed}`)
}

export function replayTails(trace: TailTrace): void {
  for (const [name, limit] of [
    ['standard_normal', 3.6541528853610088],
    ['standard_exponential', 7.69711747013105],
  ] as const) {
    const random = new RandomGenerator(BigInt(trace.seed))
    const at: number[] = []
    const values: number[] = []
    let last = 0
    for (let i = 0; i < trace.count; i++) {
      last = name === 'standard_normal' ? random.standardNormal() : random.standardExponential()
      if (Math.abs(last) <= limit) continue
      at.push(i)
      values.push(last)
    }
    const expected = trace[name]
    same(at, expected.at, `${name} tails of seed ${trace.seed}, places`)
    same(values, decode(expected.values, 'f8'), `${name} tails of seed ${trace.seed}`)
    same([last], decode(expected.sum, 'f8'), `${name} of seed ${trace.seed}, last draw`)
    sameState(random, expected.state, `${name} of seed ${trace.seed}`)
  }
}

export function replaySequence({ seed, spawnKey, words, child, random }: SequenceTrace): void {
  const what = `SeedSequence(${seed}, [${spawnKey}])`
  const sequence = new SeedSequence(BigInt(seed), { spawnKey })
  same(sequence.generateState(11), words, what)
  same(sequence.spawn(3)[2]!.generateState(5), child, `${what}, third child`)
  same([new RandomGenerator(sequence).random()], decode(random, 'f8'), `${what}, first draw`)
  const name = String.fromCodePoint(...spawnKey.filter((code) => code >= 97 && code <= 122))
  if (name.length === spawnKey.length && name) same([childRandom(BigInt(seed), name).random()], decode(random, 'f8'), `${what} by name`)
}

export function replaySpace(trace: SpaceTrace): void {
  const what = `${JSON.stringify(trace.space)} with seed ${trace.seed}`
  const space = spaces.spaceFromJSON(trace.space)
  space.seed(BigInt(trace.seed))
  const draw = (count: number, options?: spaces.SampleOptions): number[] =>
    Array.from({ length: count }, () => {
      const sample = space.sample(options)
      if (!space.contains(sample)) throw new Error(`${what}: the sample ${sample} is not inside`)
      return typeof sample === 'number' ? [sample] : Array.from(sample as ArrayLike<number>)
    }).flat()
  const size = spaces.batchSpace(space, 1).shape.reduce((product, side) => product * side, 1)
  const compare = (encoded: string, options: spaces.SampleOptions | undefined, name: string, minus = 0) => {
    const expected = decode(encoded, 'f8')
    const drawn = draw(expected.length / size - minus, options)
    same(drawn, expected.subarray(0, expected.length - minus), `${what}, ${name}`)
    return expected
  }
  compare(trace.samples, undefined, 'samples')
  if (trace.masked && trace.space.type === 'Discrete') {
    const expected = compare(trace.masked, { mask: trace.mask as number[] }, 'masked', 1)
    const none = (trace.mask as number[]).map(() => 0)
    same(draw(1, { mask: none }), expected.subarray(-1), `${what}, nothing allowed`)
  } else if (trace.masked) compare(trace.masked, { mask: trace.mask as number[][] }, 'masked')
  if (trace.weighted) compare(trace.weighted, { probability: decode(trace.probability!, 'f8') }, 'by probability')
}

/**
 * Lets an environment run beside a trace: states, observations and rewards must be equal to the bit.
 *
 * @param follow whether a state may be off in its last bits, and is then set to the trace's
 * @returns how many were
 */
export function replayEpisodes(trace: EpisodeTrace, follow = false): number {
  const previous = setWarningHandler(() => {}) // Stepping past the end is what some traces are about.
  try {
    return replay(trace, follow)
  } finally {
    setWarningHandler(previous)
  }
}

function replay(trace: EpisodeTrace, follow: boolean): number {
  const what = `${trace.id} seed ${trace.seed} ${JSON.stringify(trace.options)}`
  const env = make('CartPole-v1', { ...trace.kwargs, maxEpisodeSteps: trace.id === 'CartPole-v0' ? 200 : 500 })
  const [obs, state, reward] = [decode(trace.obs, 'f4'), decode(trace.state, 'f8'), decode(trace.reward, 'f8')]
  const [terminated, truncated, actions] = [decode(trace.terminated, 'u1'), decode(trace.truncated, 'u1'), decode(trace.action, 'u1')]
  let row = 0
  let unequal = 0
  const check = (observation: Float32Array) => {
    const inner = (env.unwrapped as unknown as { state: Float64Array }).state
    const expected = state.subarray(4 * row, 4 * row + 4)
    const off = follow ? (a: number, b: number) => Math.abs(a - b) > STATE_TOLERANCE * Math.max(1, Math.abs(b)) : undefined
    same(inner, expected, `${what}, state ${row}`, off)
    same(observation, obs.subarray(4 * row, 4 * row + 4), `${what}, observation ${row}`, apart(follow ? 1 : 0))
    if (inner.some((value, i) => value !== expected[i])) {
      unequal++
      inner.set(expected)
    }
    row++
  }
  check(env.reset({ seed: BigInt(trace.seed), options: trace.options ?? undefined })[0])
  for (const [i, action] of actions.entries()) {
    const result = env.step(action)
    check(result[0])
    const seen = [result[1], Number(result[2]), Number(result[3])]
    same(seen, [reward[i]!, terminated[i]!, truncated[i]!], `${what}, step ${i} reward, terminated, truncated`)
    if ((result[2] || result[3]) && !trace.beyond) check(env.reset()[0])
  }
  if (row * 4 !== state.length) throw new Error(`${what}: ${row} states, expected ${state.length / 4}`)
  sameState(env.npRandom, trace.random, what)
  return unequal
}

/** Whether two observations are further apart than some steps of the last float32 digit; near zero the states' own 1e-9 counts. */
function apart(ulps: number): (a: number, b: number) => boolean {
  return (a, b) => ulps === 0 || Math.abs(a - b) > Math.max(ulps * 2 ** -23 * Math.abs(b), 1e-9)
}

/** Replays a vector trace, left to run, in its own mode, or, for 'sync', in 'native' too. @param ulps how far observations may be apart */
export function replayVector(trace: VectorTrace, mode: VectorTrace['mode'] | 'native', ulps: number): void {
  const { autoreset, numEnvs } = trace
  const what = `${mode} ${autoreset} seed ${trace.seed} x${numEnvs} ${JSON.stringify(trace.options)}`
  const envs = makeVec('CartPole-v1', {
    numEnvs,
    vectorizationMode: mode,
    autoresetMode: autoreset,
    suttonBartoReward: trace.suttonBartoReward,
    ...(trace.maxEpisodeSteps === null ? {} : { maxEpisodeSteps: trace.maxEpisodeSteps }),
  })
  const [obs, final, resetObs] = [decode(trace.obs, 'f4'), decode(trace.final, 'f4'), decode(trace.resetObs, 'f4')]
  const [reward, actions] = [decode(trace.reward, 'f8'), decode(trace.action, 'u1')]
  const [terminated, truncated] = [decode(trace.terminated, 'u1'), decode(trace.truncated, 'u1')]
  const rows = (values: Float32Array, t: number) => values.subarray(4 * numEnvs * t, 4 * numEnvs * (t + 1))
  const flags = <T extends Uint8Array | Float64Array>(values: T, t: number) => values.subarray(numEnvs * t, numEnvs * (t + 1))
  envs.actionSpace.seed(BigInt(trace.actionSeed))
  const seed = typeof trace.seed === 'string' ? BigInt(trace.seed) : trace.seed.map(BigInt)
  same(envs.reset({ seed, options: trace.options ?? {} })[0], rows(obs, 0), `${what}, reset`, apart(ulps))
  let finals = 0
  let resets = 0
  for (let t = 0; t < actions.length / numEnvs; t++) {
    const action = envs.actionSpace.sample() as ArrayLike<number>
    same(action, flags(actions, t), `${what}, sampled action ${t}`)
    const result = envs.step(action)
    const at = `${what}, step ${t}`
    same(result[0], rows(obs, t + 1), `${at} observations`, apart(ulps))
    same(result[1], flags(reward, t), `${at} rewards`)
    const kind = result[1] instanceof Float32Array ? 'float32' : 'float64'
    if (kind !== trace.rewardDtype) throw new Error(`${at}: rewards are ${kind}, expected ${trace.rewardDtype}`)
    same(result[2], flags(terminated, t), `${at} terminated`)
    same(result[3], flags(truncated, t), `${at} truncated`)
    const done = result[2].map((flag, i) => flag | result[3][i]!)
    if (autoreset === 'same-step') finals = compareFinals(result[4], done, final, finals, at, ulps)
    if (autoreset === 'disabled' && done.includes(1)) {
      same(envs.reset({ options: { resetMask: done } })[0], rows(resetObs, resets++), `${at} reset by mask`, apart(ulps))
    }
  }
  if (finals * 4 !== final.length || resets * 4 * numEnvs !== resetObs.length) throw new Error(`${what}: another number of episodes`)
}

function compareFinals(infos: VectorInfos, done: Uint8Array, expected: Float32Array, seen: number, what: string, ulps: number): number {
  same(infos._finalObs!, done, `${what} mask of final observations`)
  let row = seen
  for (const [i, flag] of done.entries()) {
    if (flag === 0) continue
    const own = (infos.finalObs as Float32Array).subarray(4 * i, 4 * i + 4)
    same(own, expected.subarray(4 * row, 4 * row + 4), `${what} final observation of ${i}`, apart(ulps))
    row++
  }
  return row
}
