import { childRandom, RandomGenerator, SeedSequence } from 'gymnura/envs'
import { type Check, decode, type GeneratorState, readTraces, same, sameState } from './read.js'

export function checks(folder: string): Check[] {
  const { streams, tails, sequences } = readTraces<{ streams: StreamTrace[]; tails: TailTrace[]; sequences: SequenceTrace[] }>(
    folder,
    'rng',
  )
  return [
    ...streams.map((trace) => ({
      title: `every method of the generator draws NumPy's numbers for seed ${trace.seed}`,
      run: () => replayStream(trace),
    })),
    ...tails.map((trace) => ({
      title: `draws in the tails of both ziggurats are NumPy's for seed ${trace.seed}`,
      run: () => replayTails(trace),
    })),
    ...sequences.map((trace) => ({
      title: `the seed sequence of ${trace.seed} with key [${trace.spawnKey}] and its children mix words as NumPy's do`,
      run: () => replaySequence(trace),
    })),
  ]
}

interface StreamTrace {
  seed: string
  ops: { op: string; args: unknown[]; values: string; text?: string[] }[]
  state: GeneratorState
}

interface TailTrace {
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

interface SequenceTrace {
  seed: string
  spawnKey: number[]
  words: number[]
  child: number[]
  random: string
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
    case 'geometric':
      return times(n[1]!, () => random.geometric(n[0]!))
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

function replayStream({ seed, ops, state }: StreamTrace): void {
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

function replayTails(trace: TailTrace): void {
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

function replaySequence({ seed, spawnKey, words, child, random }: SequenceTrace): void {
  const what = `SeedSequence(${seed}, [${spawnKey}])`
  const sequence = new SeedSequence(BigInt(seed), { spawnKey })
  same(sequence.generateState(11), words, what)
  same(sequence.spawn(3)[2]!.generateState(5), child, `${what}, third child`)
  same([new RandomGenerator(sequence).random()], decode(random, 'f8'), `${what}, first draw`)
  const name = String.fromCodePoint(...spawnKey.filter((code) => code >= 97 && code <= 122))
  if (name.length === spawnKey.length && name) same([childRandom(BigInt(seed), name).random()], decode(random, 'f8'), `${what} by name`)
}
