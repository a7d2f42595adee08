/**
 * A soak under faults: work of every kind, whose answers are known, while workers are killed at random. It fails if an answer is wrong,
 * a `get` hangs, an error is not the one it should be, or an actor comes back without its state.
 *
 *     npm run bench -- core soak              10 minutes
 *     npm run bench -- core soak 0.5 42       half a minute, with a seed of your own
 *
 * The seed fixes what is drawn, not how threads interleave.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { type ActorHandle, get, init, kill, shutdown } from '../../core/index.js'
import { lineChart } from '../chart.js'
import { random } from './examples/random.js'
import { faults } from './soak/faults.js'
import { load, type Tools } from './soak/load.js'
import { type Ledger, Ledgers } from './soak/work.js'

/** Named by itself only: it takes minutes. */
export const onlyByName = true

const CLIENTS = 8
const LEDGERS = 2
const PRINT_EVERY_MS = 10_000
/** Small enough to be filled soon, large enough for the work. */
const WORKER_HEAP_MB = 96
/** Makes large objects go through the disk. */
const OBJECT_STORE_BYTES = 64 * 2 ** 20
const LONGEST_PEACE_MS = 400
/** A piece of work takes milliseconds. What takes so long is named, and what takes longer has hung. */
const SLOW_MS = 5_000
const HUNG_MS = 90_000
const MOST_FAILURES = 20
const KILLS_THAT_TELL = 10

type Counts = Record<string, number>
interface Sample {
  readonly seconds: number
  readonly pieces: number
  readonly megabytes: number
}
type Actions = Readonly<Record<string, (tools: Tools) => Promise<void>>>

class Soak {
  readonly done: Counts = Object.fromEntries(Object.keys(load).map((kind) => [kind, 0]))
  readonly harm: Counts = Object.fromEntries(Object.keys(faults).map((kind) => [kind, 0]))
  readonly repeated: Counts = { 'lost objects': 0, 'entries given again': 0 }
  readonly failures: string[] = []
  /** Memory of the process while it ran. */
  readonly samples: Sample[] = []
  private readonly tools: Tools
  /** When it began. */
  private readonly running = new Map<string, number>()
  private begun = 0
  /** Faults begun and ended: odd while one is on. */
  private war = 0
  private names = 0
  private readonly start = performance.now()

  constructor(
    private readonly ledgers: readonly ActorHandle<Ledger>[],
    private readonly milliseconds: number,
    seed: number,
  ) {
    const draw = random(seed)
    this.tools = {
      ledgers,
      draw,
      below: (most) => Math.floor(draw() * most),
      unique: () => `batch ${++this.names}`,
      peace: () => (this.war % 2 === 0 ? this.war : undefined),
      again: (what, count) => {
        this.repeated[what] += count
      },
    }
  }

  private get over(): boolean {
    return performance.now() - this.start > this.milliseconds || this.failures.length >= MOST_FAILURES
  }

  /** One after another, until the time is over. */
  private async each(actions: Actions, counts: Counts, pauseMs: number): Promise<void> {
    const kinds = Object.keys(actions)
    while (!this.over) {
      const kind = kinds[this.tools.below(kinds.length)]
      const label = `${kind} #${++this.begun}`
      this.running.set(label, performance.now())
      try {
        await within(HUNG_MS, actions[kind](this.tools))
        counts[kind]++
      } catch (error) {
        this.failures.push(kind)
        console.log(`FAILED ${label}: ${inspect(error, { depth: 5 })}`)
      }
      this.running.delete(label)
      if (pauseMs > 0) await sleep(pauseMs * this.tools.draw())
    }
  }

  private counted(actions: Actions): Actions {
    const count = (action: Actions[string]) => async (tools: Tools) => {
      this.war++
      await action(tools).finally(() => this.war++)
    }
    return Object.fromEntries(Object.entries(actions).map(([kind, action]) => [kind, count(action)]))
  }

  private print(): void {
    const now = performance.now()
    const slow = [...this.running]
      .filter(([, began]) => now - began > SLOW_MS)
      .map(([label, began]) => `${label} since ${seconds(now - began)} s`)
    const parts = [
      `${total(Object.values(this.done))} pieces of work`,
      `${total(Object.values(this.harm))} faults`,
      ...Object.entries(this.repeated).map(([what, count]) => `${count} ${what}`),
      `${this.failures.length} failures`,
      `${Math.round(process.memoryUsage.rss() / 1e6)} MB`,
    ]
    this.samples.push({
      seconds: seconds(now - this.start),
      pieces: total(Object.values(this.done)),
      megabytes: Math.round(process.memoryUsage.rss() / 1e6),
    })
    console.log(`${seconds(now - this.start)} s: ${parts.join(', ')}${slow.length > 0 ? `; slow: ${slow.join(', ')}` : ''}`)
  }

  async run(): Promise<void> {
    const printing = setInterval(() => this.print(), PRINT_EVERY_MS)
    const clients = Array.from({ length: CLIENTS }, () => this.each(load, this.done, 0))
    await Promise.all([...clients, this.each(this.counted(faults), this.harm, LONGEST_PEACE_MS)])
    clearInterval(printing)
    // So many kills have hit an actor that had something to lose.
    const restores = await get(this.ledgers.map((ledger) => ledger.restores.remote()))
    if (this.harm['kill of an actor'] >= KILLS_THAT_TELL && total(restores) === 0) this.failures.push('state of restarted actors')
    this.print()
    console.table({ ...this.done, ...this.harm, ...this.repeated })
    console.log(`actors came back with their state ${total(restores)} times`)
  }
}

const seconds = (milliseconds: number): number => Math.round(milliseconds / 1000)

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`hung: not over after ${seconds(milliseconds)} s`)), milliseconds)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0)

/** @param args minutes (default 10) and a seed. Throws where anything was not as it should be. */
export async function run([minutes = '10', seed = '1']: readonly string[] = []): Promise<object> {
  await init({ numCpus: 2, workerHeapMb: WORKER_HEAP_MB, objectStoreBytes: OBJECT_STORE_BYTES })
  const ledgers = Array.from({ length: LEDGERS }, () => Ledgers.remote())
  const soak = new Soak(ledgers, Number(minutes) * 60_000, Number(seed))
  await soak.run()
  for (const ledger of ledgers) await kill(ledger)
  await shutdown()
  const { done, harm, repeated, failures, samples } = soak
  if (failures.length > 0) throw new Error(`soak: ${failures.length} failures: ${[...new Set(failures)].join(', ')}`)
  return { minutes: Number(minutes), work: done, faults: harm, repeated, failures: 0, samples }
}

/** Memory over time: what is not given back shows as a slope. */
export function chart({ samples }: { readonly samples: readonly Sample[] }): string {
  return lineChart({
    title: 'Memory of the process during the soak',
    x: 'seconds',
    y: 'MB',
    lines: [{ label: 'resident memory', points: samples.map(({ seconds, megabytes }) => [seconds, megabytes]) }],
  })
}
