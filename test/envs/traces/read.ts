/**
 * Reads the files that test/golden/envs/make.py writes. Each other module here replays the traces of one of its parts: it exports
 * `checks`, one check a trace, used for the golden files by the tests (golden.ts) and for traces of the day by test/reference/envs.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { RandomGenerator } from 'gymnura/envs'

export interface Check {
  /** A sentence about behaviour. */
  title: string
  /** Throws at the first difference. */
  run(): void | Promise<void>
}

/** The checks of the files in `folder`, to be run in order; `live` where the seeds are the day's and not those of the golden files. */
export type Checks = (folder: string, live: boolean) => Check[]

type Arrays = { f4: Float32Array; f8: Float64Array; i1: Int8Array; i4: Int32Array; u1: Uint8Array }

export function decode<T extends keyof Arrays>(base64: string, dtype: T): Arrays[T] {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'))
  const constructors = { f4: Float32Array, f8: Float64Array, i1: Int8Array, i4: Int32Array, u1: Uint8Array }
  return new constructors[dtype](bytes.buffer) as Arrays[T]
}

export function readTraces<T>(folder: string, name: string): T {
  return JSON.parse(gunzipSync(readFileSync(join(folder, `${name}.json.gz`))).toString()) as T
}

export interface GeneratorState {
  state: string
  inc: string
  hasUint32: number
  uinteger: number
}

export function same(
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

export function sameState(random: RandomGenerator, expected: GeneratorState, what: string): void {
  const { state, inc, hasUint32, uinteger } = random.getState()
  const actual = JSON.stringify([state, inc, hasUint32, hasUint32 ? uinteger : 0])
  const wanted = JSON.stringify([expected.state, expected.inc, expected.hasUint32, expected.hasUint32 ? expected.uinteger : 0])
  if (actual !== wanted) throw new Error(`${what}: the generator ends at ${actual}, expected ${wanted}`)
}

/** Whether two observations are further apart than some steps of the last float32 digit; near zero the states' own 1e-9 counts. */
export function apart(ulps: number): (a: number, b: number) => boolean {
  return (a, b) => ulps === 0 || Math.abs(a - b) > Math.max(ulps * 2 ** -23 * Math.abs(b), 1e-9)
}
