import { count, invalid } from '../api/errors.js'
import type { TaskOptions } from '../api/options.js'
import type { Placed } from '../control/headquarters.js'

/** Amounts are whole numbers of ten-thousandths, as in Ray: so ten times 0.1 is 1, and what is given back is what was taken. */
export const UNIT = 10_000

/** Largest amount of one resource: above it ten-thousandths are no longer exact. */
const MOST = 9e11

/** What a task, an actor or a bundle holds, in ten-thousandths. `custom` has no zeros. */
export interface Demand {
  readonly cpus: number
  readonly gpus: number
  readonly custom: Readonly<Record<string, number>>
}

/** Resources as the user writes them. */
export interface ResourceOptions {
  /** CPUs; fractions are allowed. */
  numCpus?: number | undefined
  /** GPUs: a fraction shares one GPU with others; above 1 it must be a whole number. */
  numGpus?: number | undefined
  /** Amounts of custom resources by name, as declared in `init({ resources })`. */
  resources?: Readonly<Record<string, number>> | undefined
}

/** What `options` ask for; `defaultCpus` where they don't say. `caller` stands before the message of what is thrown. */
export function demandOf(caller: string, options: ResourceOptions, defaultCpus: number): Demand {
  const cpus = amountOf(caller, 'numCpus', options.numCpus ?? defaultCpus)
  const gpus = amountOf(caller, 'numGpus', options.numGpus ?? 0)
  if (gpus > UNIT && gpus % UNIT !== 0)
    throw invalid(`${caller}: numGpus above 1 must be a whole number, not ${options.numGpus}; only a part of one GPU can be shared`)
  return { cpus, gpus, custom: customAmounts(caller, options.resources) }
}

/** The amounts of custom resources. Throws for names that are not custom. */
export function customAmounts(caller: string, resources: unknown): Readonly<Record<string, number>> {
  if (resources === undefined) return nothing
  if (typeof resources !== 'object' || resources === null || Array.isArray(resources))
    throw invalid(`${caller}: resources must be an object of amounts such as { camera: 1 }, not ${shown(resources)}`)
  const amounts = Object.entries(resources).map(([name, value]) => {
    const own = optionFor(name)
    if (own !== undefined) throw invalid(`${caller}: '${name}' in resources is not a custom resource; use ${own}`)
    if (name === '') throw invalid(`${caller}: a resource in resources has no name`)
    return [name, amountOf(caller, `resources.${name}`, value)] as const
  })
  // fromEntries: a resource may be called __proto__.
  return Object.fromEntries(amounts.filter(([, amount]) => amount > 0))
}

const nothing: Readonly<Record<string, number>> = Object.freeze({})

/** The option that a name of Ray's, or a near miss, stands for: CPU, gpus, num_cpus, … */
export function optionFor(name: string): 'numCpus' | 'numGpus' | undefined {
  const kind = /^(?:num_?)?([cg])pus?$/i.exec(name)?.[1]?.toLowerCase()
  return kind === undefined ? undefined : kind === 'c' ? 'numCpus' : 'numGpus'
}

function amountOf(caller: string, name: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= MOST))
    throw invalid(`${caller}: ${name} must be a number between 0 and ${MOST}, not ${shown(value)}`)
  const exact = value * UNIT
  const near = Math.round(exact)
  // What is finer is rounded down, so that six times 1/6 fits into 1; not what is only the noise of floating point.
  const amount = Math.abs(exact - near) <= exact * 1e-12 ? near : Math.floor(exact)
  if (amount === 0 && value > 0) throw invalid(`${caller}: ${name} must be 0 or at least ${1 / UNIT}, not ${value}`)
  return amount
}

function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** Whether a whole that is empty of others has room for it. */
export function fits(demand: Demand, whole: Demand): boolean {
  if (demand.cpus > whole.cpus) return false
  // Asked only when needed: the machine's GPUs are looked for then.
  if (demand.gpus > 0 && demand.gpus > whole.gpus) return false
  for (const name of Object.keys(demand.custom)) if (demand.custom[name]! > amountIn(whole, name)) return false
  return true
}

function amountIn(whole: Demand, name: string): number {
  return Object.hasOwn(whole.custom, name) ? whole.custom[name]! : 0
}

export function sumOf(demands: readonly Demand[]): Demand {
  if (demands.length === 1) return demands[0]!
  let cpus = 0
  let gpus = 0
  const custom = new Map<string, number>()
  for (const demand of demands) {
    cpus += demand.cpus
    gpus += demand.gpus
    for (const name of Object.keys(demand.custom)) custom.set(name, (custom.get(name) ?? 0) + demand.custom[name]!)
  }
  return { cpus, gpus, custom: Object.fromEntries(custom) }
}

/** `2 CPUs, 0.5 GPUs and 1 of 'camera'`: the kinds that are asked, with the amounts in `whole`. */
export function inWords(asked: Demand, whole: Demand = asked): string {
  const parts: string[] = []
  if (asked.cpus > 0) parts.push(count(whole.cpus / UNIT, 'CPU'))
  if (asked.gpus > 0) parts.push(count(whole.gpus / UNIT, 'GPU'))
  for (const name of Object.keys(asked.custom)) parts.push(`${amountIn(whole, name) / UNIT} of '${name}'`)
  const last = parts.pop() ?? 'nothing'
  return parts.length === 0 ? last : `${parts.join(', ')} and ${last}`
}

/** Whether a task needs more than one thread with one CPU. */
export function needsMore(options: TaskOptions | Placed<TaskOptions>): boolean {
  return (
    (options.numCpus !== undefined && options.numCpus !== 1) ||
    (options.numGpus !== undefined && options.numGpus > 0) ||
    options.resources !== undefined ||
    ('placementGroup' in options && options.placementGroup !== undefined) ||
    ('groupId' in options && options.groupId !== undefined) ||
    options.timeoutMs !== undefined ||
    options.runtime === 'process'
  )
}
