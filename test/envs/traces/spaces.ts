import { spaces } from 'gymnura/envs'
import { type Check, decode, readTraces, same } from './read.js'

export function checks(folder: string): Check[] {
  return readTraces<{ cases: SpaceTrace[] }>(folder, 'spaces').cases.map((trace) => ({
    title: `${JSON.stringify(trace.space)} samples what Gymnasium samples for seed ${trace.seed}`,
    run: () => replaySpace(trace),
  }))
}

interface SpaceTrace {
  space: { type: string; low?: unknown; high?: unknown }
  seed: string
  samples: string
  mask?: number[] | number[][]
  probability?: string
  masked?: string
  weighted?: string
}

function replaySpace(trace: SpaceTrace): void {
  const what = `${JSON.stringify(trace.space)} with seed ${trace.seed}`
  const space = spaces.spaceFromJSON(trace.space)
  space.seed(BigInt(trace.seed))
  const draw = (count: number, options?: spaces.SampleOptions): number[] =>
    Array.from({ length: count }, () => {
      const sample = space.sample(options)
      if (!space.contains(sample)) throw new Error(`${what}: the sample ${sample} is not inside`)
      return typeof sample === 'number' ? [sample] : Array.from(sample as ArrayLike<number>)
    }).flat()
  const size = spaces.batchSpace<spaces.Space>(space, 1).shape!.reduce((product, side) => product * side, 1)
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
