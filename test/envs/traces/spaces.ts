import { spaces } from 'gymnura/envs'
import { type Check, decode, readTraces } from './read.js'

const { batchDifferingSpaces, batchSpace, concatenate, createEmptyArray, createZeros, flatdim, flatten, flattenSpace, iterate } = spaces
const { spaceFromJSON, unflatten } = spaces

type Space = spaces.Space

interface SpaceTraces {
  cases: Case[]
  structures: Structure[]
  differing: { spaces: unknown[]; batch: string; samples: unknown[] }[]
  printed: { space: unknown; text: string }[]
}

/** A space, the ways in which it was sampled in turn, and what that gave for each seed. */
interface Case {
  space: unknown
  runs: spaces.SampleOptions[]
  draws: { seed: unknown; used: unknown; samples: unknown[][] }[]
}

interface Structure {
  space: unknown
  text: string
  zeros: unknown
  empty: unknown
  sample: unknown
  flatSpace: string
  flat: unknown
  flatdim: number | null
  batch: string
  batched: unknown[]
  concatenated: unknown
  /** Another sample, and both as JSON; null where Gymnasium loses something. */
  second: unknown
  jsonable: unknown
}

export function checks(folder: string): Check[] {
  const { cases, structures, differing, printed } = readTraces<SpaceTraces>(folder, 'spaces')
  return [
    ...cases.map((trace) => ({ title: `${spaceFromJSON(trace.space)} samples what Gymnasium samples`, run: () => replayCase(trace) })),
    ...structures.map((trace) => ({ title: `${trace.text} flattens and batches as in Gymnasium`, run: () => replayStructure(trace) })),
    ...differing.map((trace) => ({ title: `differing spaces make ${trace.batch}`, run: () => replayDiffering(trace) })),
    ...printed.map(({ space, text }) => ({
      title: `a space prints as ${text}`,
      run: () => equal(`${spaceFromJSON(space)}`, text, 'text'),
    })),
  ]
}

function replayCase({ space: described, runs, draws }: Case): void {
  for (const { seed, used, samples } of draws) {
    const space = spaceFromJSON(described)
    const what = `${space} with seed ${JSON.stringify(seed)}`
    equal(asText(space.seed(seedsOf(seed))), used, `${what}, seeds used`)
    for (const [i, options] of runs.entries()) {
      for (const [k, expected] of samples[i]!.entries()) {
        const sample = space.sample(options)
        same(sample, expected, `${what}, run ${i} ${JSON.stringify(options)}, sample ${k}`)
        if (!space.contains(sample)) throw new Error(`${what}: the sample ${JSON.stringify(sample)} is not inside`)
      }
    }
  }
}

function replayStructure(trace: Structure): void {
  const space: Space = spaceFromJSON(trace.space)
  space.seed(5)
  const what = trace.text
  equal(`${space}`, trace.text, 'text')
  same(createZeros(space), trace.zeros, `${what}, zeros`)
  same(createEmptyArray(space, 2), trace.empty, `${what}, empty`)
  const sample = space.sample()
  same(sample, trace.sample, `${what}, sample`)
  equal(`${flattenSpace(space)}`, trace.flatSpace, `${what}, flat space`)
  const flat = flatten(space, sample)
  same(flat, trace.flat, `${what}, flattened`)
  if (!flattenSpace(space).contains(flat)) throw new Error(`${what}: the flattened sample is not in ${flattenSpace(space)}`)
  same(unflatten(space, flat), trace.sample, `${what}, flattened and back`)
  equal(trace.flatdim === null ? null : flatdim(space), trace.flatdim, `${what}, flatdim`)
  const batch = batchSpace<Space>(space, 3)
  equal(`${batch}`, trace.batch, `${what}, batch`)
  for (const expected of trace.batched) same(batch.sample(), expected, `${what}, sample of the batch`)
  const together = concatenate(space, [sample, sample], createEmptyArray(space, 2))
  same(together, trace.concatenated, `${what}, concatenated`)
  const apart = [...iterate(batchSpace<Space>(space, 2), together)]
  if (apart.length !== 2) throw new Error(`${what}: two elements side by side are iterated as ${apart.length}`)
  for (const element of apart) same(element, trace.sample, `${what}, concatenated and iterated`)
  const second = space.sample()
  same(second, trace.second, `${what}, second sample`)
  if (trace.jsonable === null) return
  equal(space.toJsonable([sample, second]), trace.jsonable, `${what}, samples as JSON`)
  const read = space.fromJsonable(trace.jsonable)
  if (read.length !== 2) throw new Error(`${what}: two samples in JSON are read as ${read.length}`)
  for (const [i, expected] of [trace.sample, trace.second].entries()) same(read[i], expected, `${what}, sample ${i} read from JSON`)
}

function replayDiffering({ spaces: described, batch: text, samples }: SpaceTraces['differing'][number]): void {
  const members = described.map((space, i) => {
    const member = spaceFromJSON(space)
    member.seed(i)
    return member
  })
  const batch = batchDifferingSpaces(members)
  equal(`${batch}`, text, 'text')
  for (const expected of samples) same(batch.sample(), expected, `${text}, sample`)
}

function equal(actual: unknown, expected: unknown, what: string): void {
  const [seen, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (seen !== wanted) throw new Error(`${what}: ${seen}, expected ${wanted}`)
}

/** The seeds of a trace, whose numbers are text since they may be of any size. */
function seedsOf(seed: unknown): spaces.NestedSeed {
  if (typeof seed === 'string') return BigInt(seed)
  if (Array.isArray(seed)) return seed.map(seedsOf)
  return Object.fromEntries(Object.entries(seed as object).map(([key, part]) => [key, seedsOf(part)]))
}

function asText(seed: unknown): unknown {
  if (typeof seed === 'number' || typeof seed === 'bigint') return seed.toString()
  if (Array.isArray(seed)) return seed.map(asText)
  return Object.fromEntries(Object.entries(seed as object).map(([key, part]) => [key, asText(part)]))
}

/** Compares an element with one that make.py wrote: see `element` there. */
function same(actual: unknown, expected: unknown, what: string): void {
  const fail = () => {
    throw new Error(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(read(expected))}`)
  }
  if (typeof expected === 'string') {
    const values = read(expected) as ArrayLike<number>
    if (!ArrayBuffer.isView(actual)) {
      // A row of a batch with one axis is a number.
      if (values.length !== 1 || actual !== values[0]) fail()
      return
    }
    const own = actual as Float64Array
    if (own.length !== values.length || Array.from(values).some((value, i) => !Object.is(own[i], value) && own[i] !== value)) fail()
  } else if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) fail()
    for (const [i, part] of expected.entries()) same((actual as unknown[])[i], part, `${what}[${i}]`)
  } else if (typeof expected === 'object' && expected !== null) {
    const object = expected as { text?: string; dict?: Record<string, unknown>; graph?: unknown[] }
    if (object.text !== undefined) {
      if (actual !== object.text) fail()
      return
    }
    const [nodes, edges, edgeLinks] = object.graph ?? []
    const parts: Record<string, unknown> = object.dict ?? { nodes, edges, edgeLinks }
    if (
      Object.keys(actual as object)
        .sort()
        .join() !== Object.keys(parts).sort().join()
    )
      fail()
    for (const [key, part] of Object.entries(parts)) same((actual as Record<string, unknown>)[key], part, `${what}.${key}`)
  } else if (actual !== expected) fail()
}

function read(expected: unknown): unknown {
  if (typeof expected !== 'string') return expected
  const at = expected.indexOf(':')
  return decode(expected.slice(at + 1), expected.slice(0, at) as 'f4')
}
