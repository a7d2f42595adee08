import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AutoresetMode, makeVec, type VectorEnv } from 'gymnura/envs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryFolder } from './helpers.js'

const NUM_ENVS = 5

/** Infos of every kind, by the step: numbers, the same under other keys, other kinds, none, more than fit, and those of some environments only. */
function tellingModule(): string {
  const index = new URL('../../envs/index.js', import.meta.url).href
  const path = join(temporaryFolder('infos'), 'telling.mjs')
  writeFileSync(
    path,
    `import { Env, register, spaces } from ${JSON.stringify(index)}
const many = Object.fromEntries(Array.from({ length: 20 }, (_, k) => ['k' + k, k]))
export class Telling extends Env {
  observationSpace = new spaces.Box(0, 1000, { shape: [1] })
  actionSpace = new spaces.Discrete(100)
  at = 0
  told(what) {
    if (what < 10) return { x: this.at, y: -this.at / 3 }
    if (what < 20) return { y: this.at, x: 1 }
    if (what < 30) return { x: this.at }
    if (what < 40) return { x: 'text', list: [this.at], deep: { x: this.at } }
    if (what < 50) return { flag: true, x: this.at }
    if (what < 60) return { ...many, x: this.at }
    if (what < 70) return what % 2 === 0 ? { x: this.at, z: NaN } : {}
    if (what < 80) return { deep: this.at }
    return {}
  }
  reset({ seed } = {}) { this.seedRandom(seed); this.at = this.npRandom.integers(900); return [Float32Array.of(this.at), { x: this.at }] }
  step(what) { this.at++; return [Float32Array.of(this.at), 1, what === 99, false, this.told(what)] }
}
register({ id: 'Telling-v0', entryPoint: Telling })
`,
  )
  return path
}

const path = tellingModule()
await import(path)

const copied = (value: unknown): unknown => {
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array)
  if (Array.isArray(value)) return value.map(copied)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]): [string, unknown] => [key, copied(inner)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** Values count only where their mask says so: what an environment did not tell is left from before. */
function masked(infos: Record<string, unknown>): unknown {
  const told: Record<string, unknown> = {}
  for (const [key, mask] of Object.entries(infos)) {
    if (!key.startsWith('_')) continue
    const values = infos[key.slice(1)]
    if (values === undefined || (mask as number[]).every((flag) => flag === 0)) continue
    const isNested = typeof values === 'object' && values !== null && !Array.isArray(values)
    told[key.slice(1)] = isNested
      ? [mask, masked(values as Record<string, unknown>)]
      : (mask as number[]).map((flag, i) => (flag ? (values as unknown[])[i] : null))
  }
  return told
}

function history(vectorizationMode: 'sync' | 'async', autoresetMode: AutoresetMode, numWorkers: number): unknown[] {
  const more = vectorizationMode === 'async' ? { numWorkers, modules: [path] } : {}
  const envs = makeVec('Telling-v0', { numEnvs: NUM_ENVS, vectorizationMode, autoresetMode, ...more }) as unknown as VectorEnv
  const told = [masked(copied(envs.reset({ seed: 3 })[1]) as Record<string, unknown>)]
  // Each kind twice, so that keys are used again, and mixed kinds.
  const kinds = [0, 0, 1, 1, 0, 2, 3, 0, 4, 5, 6, 7, 0, 8, 9, 0, 0]
  for (const [t, kind] of kinds.entries()) {
    const actions = Int32Array.from({ length: NUM_ENVS }, (_, i) => (kind === 9 ? (i % 2 === 0 ? 99 : 3) : 10 * kind + ((t + i) % 9)))
    told.push(masked(copied(envs.step(actions)[4]) as Record<string, unknown>))
  }
  envs.close()
  return told
}

for (const autoresetMode of ['next-step', 'same-step'] as const) {
  test(`infos from threads are those of 'sync', whatever they hold and however it changes, with ${autoresetMode}`, () => {
    const expected = history('sync', autoresetMode, 1)
    for (const numWorkers of [1, 2]) assert.equal(history('async', autoresetMode, numWorkers), expected, `${numWorkers} threads`)
  })
}

test.run()
