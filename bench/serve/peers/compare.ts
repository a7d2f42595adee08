/**
 * Ours beside Python's model servers and beside bare HTTP, in one run on one machine: the same network, the same load generators, each
 * system alone on a fresh start. A fastify echo and ours are measured again at the end: what the machine itself has become.
 *
 *     npm run bench -- serve --peers                  all; about 20 minutes, and what it installs
 *     npm run bench -- serve --peers litserve echo    those whose name contains one of these words, in the place of what is kept of them
 *
 * BENCH_WINDOW_MS sets other windows than 3,000 ms. What a run that was interrupted has measured is not measured again within a day.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kept } from '../../core/peers/kept.js'
import { peersFolder } from '../../venv.js'
import { policyModel } from '../parts/models.js'
import { published } from '../parts/serving.js'
import { shown } from '../parts/tally.js'
import { type Loaded, measureLoops, measureSystem, type Row, settings } from './measure.js'
import { plainMlp } from './plain-mlp.js'
import { PINS, SYSTEMS, type System } from './systems.js'

export { chart, table } from './report.js'

export interface Again {
  readonly name: string
  readonly one: Loaded
  readonly many: Loaded
}

export interface Comparison {
  readonly pins: readonly string[]
  readonly seconds: number
  readonly rows: readonly Row[]
  /** What could not be had, and why. */
  readonly missing: Readonly<Record<string, string>>
  /** Closed loops measured once more when all was done; empty where only some systems were. */
  readonly again: readonly Again[]
}

/** Measured at both ends of a run. */
const TWICE = ['fastify, echo', 'gymnura, process']
const results = new URL('../../../../bench/results/serve-peers.json', import.meta.url)
const pins = Object.values(PINS).flat()

/** @param words what names of systems contain, in any case; default all */
export async function run(words: readonly string[]): Promise<Comparison> {
  const wanted = SYSTEMS.filter(({ name }) => words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase())))
  if (wanted.length === 0)
    throw new Error(`no system has ${words.join(' or ')} in its name; there are ${SYSTEMS.map(({ name }) => name).join('; ')}`)
  const folder = mkdtempSync(join(tmpdir(), 'gymnura-bench-'))
  const policy = join(folder, 'policy.safetensors')
  writeFileSync(policy, (await published('mlp', await policyModel())).source)
  try {
    return words.length === 0 ? await all(policy) : await some(wanted, policy)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

type Outcome = Row | { readonly name: string; readonly why: string }

async function outcomeOf(system: System, policy: string): Promise<Outcome> {
  console.log(system.name)
  try {
    return await measureSystem(system, policy, plainMlp(policy))
  } catch (error) {
    const why = (error as Error).message
    console.log(`  left out: ${why}`)
    return { name: system.name, why }
  }
}

function comparison(outcomes: readonly Outcome[], again: readonly Again[]): Comparison {
  const rows = outcomes.filter((outcome) => 'kind' in outcome)
  const missing = Object.fromEntries(outcomes.flatMap((outcome) => ('why' in outcome ? [[outcome.name, outcome.why]] : [])))
  return { pins, seconds: settings.seconds, rows, missing, again }
}

async function all(policy: string): Promise<Comparison> {
  const kept = new Kept(join(peersFolder, 'serve'), JSON.stringify([settings, pins, SYSTEMS.map(({ name }) => name)]))
  const outcomes: Outcome[] = []
  for (const system of SYSTEMS) outcomes.push(await kept.once(system.name, () => outcomeOf(system, policy)))
  const again: Again[] = []
  for (const system of SYSTEMS.filter(({ name }) => TWICE.includes(name))) {
    const loops = await measureLoops(system, policy)
    again.push({ name: system.name, ...loops })
    console.log(`${system.name}, once more: 1 connection ${shown(loops.one)}; 64 connections ${shown(loops.many)}`)
  }
  kept.remove()
  return comparison(outcomes, again)
}

/** Those alone, among what was kept of the others. */
async function some(systems: readonly System[], policy: string): Promise<Comparison> {
  const outcomes: Outcome[] = []
  for (const system of systems) outcomes.push(await outcomeOf(system, policy))
  const now = comparison(outcomes, [])
  if (!existsSync(results)) return now
  const before = JSON.parse(readFileSync(results, 'utf8')) as Comparison
  if (JSON.stringify([before.pins, before.seconds]) !== JSON.stringify([now.pins, now.seconds])) return now
  const fresh = (name: string) => now.rows.find((row) => row.name === name)
  const rows = SYSTEMS.flatMap(({ name }) => fresh(name) ?? before.rows.find((row) => row.name === name) ?? [])
  const missing = Object.entries({ ...before.missing, ...now.missing }).filter(([name]) => rows.every((row) => row.name !== name))
  return { ...now, rows, missing: Object.fromEntries(missing), again: before.again }
}
