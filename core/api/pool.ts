import { availableParallelism } from 'node:os'
import { CallSites, type SubmitSite } from '../control/call-site.js'
import { register } from '../control/functions.js'
import type { ShippedFunction } from '../worker/messages.js'
import { actor } from './actor.js'
import type { ActorHandle } from './actor-handle.js'
import { ActorPool } from './actor-pool.js'
import { checkIterable, checkKnown, checkWhole, shown } from './checks.js'
import { ActorDiedError, count, invalid, SerializationError, TaskError } from './errors.js'
import { kill } from './lifecycle.js'
import { type ObjectRef, READY } from './object-ref.js'
import { checkOptions } from './options.js'
import { type Chunk, type ChunkError, PoolActor } from './pool-actor.js'
import { Signal } from './signal.js'

export interface PoolCallOptions {
  /** `import.meta.url` of the module that exports the function: it is imported by the pool's actors instead of shipped as source. */
  readonly module?: string
}

export interface PoolMapOptions extends PoolCallOptions {
  /** Values that are sent together, as one call of an actor. */
  readonly chunkSize?: number
}

type Process = ActorHandle<PoolActor>
type Results<R> = AsyncGenerator<Awaited<R>, void, undefined>
type AnyFunction = (...args: never[]) => unknown

/** What a call of the pool's runs, and where the user made it. */
interface Work {
  readonly definition: ShippedFunction
  readonly site: SubmitSite
  /** Whether an error has to say which item it is of. */
  readonly many: boolean
}

/** Each is a thread: as many as `init` allows for CPUs. */
const MOST_PROCESSES = 1024

/** How often a chunk is begun again whose process died, as a task is by default. */
const MAX_RETRIES = 3

const poolActors = actor(PoolActor, {
  module: new URL('./pool-actor.js', import.meta.url).href,
  // One call after the other, so that a process never runs two values at once.
  maxConcurrency: 1,
  maxRestarts: -1,
  maxTaskRetries: MAX_RETRIES,
})

/** The actors of a pool. One that cannot be started again (its function called `exitActor`) is replaced. */
class Processes extends ActorPool<Process> {
  readonly all = new Set<Process>()
  closed = false

  constructor(count: number) {
    super([])
    for (let i = 0; i < count; i++) this.add()
  }

  private add(): void {
    const process = poolActors.remote()
    this.all.add(process)
    this.push(process)
  }

  protected override lost(process: Process): void {
    this.all.delete(process)
    super.lost(process)
    if (!this.closed) this.add()
  }
}

/** By default `map` makes so many chunks for each process: few, to be cheap; more than one, to even out long and short ones. */
const CHUNKS_PER_PROCESS = 4

/**
 * Runs functions over many values on a fixed number of actors. (Python: `multiprocessing.Pool`; Ray: `ray.util.multiprocessing`.)
 *
 *     const pool = new Pool({ processes: 4 })
 *     await pool.map((x: number) => x * x, [1, 2, 3])   // [1, 4, 9]
 *     pool.close()
 *     await pool.join()
 *
 * What `remote` says of functions holds here: they are self-contained, or exported and given with `{ module }`. Refs among the
 * values stay refs. If the function throws, the call fails with TaskError, which says for which item; no chunk is begun then.
 *
 * A process that dies is replaced, and its chunk is begun again, up to three times, as a task is: so a function may run more than once
 * for a value. A chunk under which it dies each time fails its call with ActorDiedError, and the pool goes on.
 */
export class Pool {
  private readonly processes: Processes
  private readonly sites = new CallSites()
  /** Fired when a call is over. */
  private readonly worked = new Signal()
  /** Calls under way. */
  private working = 0
  private closed = false
  private ended: Promise<void> | undefined

  /** `processes`: how many actors, each with a thread of its own; default the cores of this machine. A number alone means the same. */
  constructor(options: { readonly processes?: number } | number = {}) {
    if (typeof options !== 'number') checkKnown('Pool', options, ['processes'])
    const { processes = availableParallelism() } = typeof options === 'number' ? { processes: options } : options
    checkWhole('Pool: processes', processes, 1)
    if (processes > MOST_PROCESSES) throw invalid(`Pool: processes must be at most ${MOST_PROCESSES}, not ${processes}`)
    this.processes = new Processes(processes)
  }

  /** The results of all values, in their order. By default a chunk is the list's length divided by four times the processes, rounded up. */
  async map<V, R>(fn: (value: V) => R, values: Iterable<V>, options: PoolMapOptions = {}): Promise<Awaited<R>[]> {
    const work = this.prepare('map', fn, options, this.map)
    checkIterable('Pool.map: values', values)
    const lists = Array.from(values, (value) => [value])
    return await this.all(work, lists, options.chunkSize)
  }

  /** As `map`, with a list of arguments for each call: `pool.starmap((a, b) => a + b, [[1, 2], [3, 4]])`. */
  async starmap<A extends readonly unknown[], R>(
    fn: (...args: A) => R,
    lists: Iterable<A>,
    options: PoolMapOptions = {},
  ): Promise<Awaited<R>[]> {
    const work = this.prepare('starmap', fn, options, this.starmap)
    checkIterable('Pool.starmap: lists', lists)
    const all = [...lists]
    const odd = all.findIndex((args) => !Array.isArray(args))
    if (odd >= 0) throw invalid(`Pool.starmap: item ${odd} must be a list of arguments, not ${shown(all[odd])}`)
    return await this.all(work, all, options.chunkSize)
  }

  /**
   * Yields the results in the order of the values, while later ones are computed. Values are pulled as they are needed, at
   * most a chunk for each process ahead; a chunk is one value by default. Nothing starts before the first result is asked for.
   */
  imap<V, R>(fn: (value: V) => R, values: Iterable<V> | AsyncIterable<V>, options: PoolMapOptions = {}): Results<R> {
    const work = this.prepare('imap', fn, options, this.imap)
    checkIterable('Pool.imap: values', values, true)
    return this.run(work, gather(values, options.chunkSize ?? 1), true)
  }

  /** As `imap`, but yields the results of each chunk when they are there. */
  imapUnordered<V, R>(fn: (value: V) => R, values: Iterable<V> | AsyncIterable<V>, options: PoolMapOptions = {}): Results<R> {
    const work = this.prepare('imapUnordered', fn, options, this.imapUnordered)
    checkIterable('Pool.imapUnordered: values', values, true)
    return this.run(work, gather(values, options.chunkSize ?? 1), false)
  }

  /** Calls the function once, with these arguments. */
  async apply<A extends readonly unknown[], R>(fn: (...args: A) => R, args: A, options: PoolCallOptions = {}): Promise<Awaited<R>> {
    checkKnown('Pool.apply', options, ['module'])
    const work = this.prepare('apply', fn, options, this.apply)
    if (!Array.isArray(args)) throw invalid(`Pool.apply: expects a list of arguments, not ${shown(args)}`)
    const [result] = await this.all<R>(work, [args], 1)
    return result as Awaited<R>
  }

  /** Accepts no more calls. Those that were made go on. */
  close(): void {
    this.closed = true
  }

  /** Ends the actors now. Calls under way fail with ActorDiedError. */
  async terminate(): Promise<void> {
    this.closed = true
    this.ended = this.endActors()
    await this.ended
  }

  /**
   * Ends the actors once the calls under way are over. A loop over `imap` is under way from its first result until it is
   * finished or left. Throws if neither `close` nor `terminate` was called.
   */
  async join(): Promise<void> {
    if (!this.closed) throw invalid('Pool.join: the pool still accepts calls; call close() or terminate() first')
    while (this.working > 0 && this.ended === undefined) await this.worked.wait()
    this.ended ??= this.endActors()
    await this.ended
  }

  private async endActors(): Promise<void> {
    this.processes.closed = true
    await Promise.all([...this.processes.all].map((process) => kill(process, { noRestart: true })))
    this.worked.fire()
  }

  /** Looks a call over, in its caller's stack: a function's file, and the frames that an error shows, are the user's. */
  private prepare(method: string, fn: AnyFunction, options: PoolMapOptions, below: AnyFunction): Work {
    const caller = `Pool.${method}`
    if (this.closed) throw invalid(`${caller}: the pool is closed; make a new one`)
    checkKnown(caller, options, ['chunkSize', 'module'])
    if (options.chunkSize !== undefined) checkWhole(`${caller}: chunkSize`, options.chunkSize, 1)
    checkOptions('task', caller, { module: options.module })
    if (typeof fn !== 'function') throw invalid(`${caller}: expects a function, not ${shown(fn)}`)
    if (Object.hasOwn(fn, 'remote')) throw invalid(`${caller}: expects the function itself, not what remote() made of it`)
    return { definition: register('remote', fn, options.module, []), site: this.sites.next(below), many: method !== 'apply' }
  }

  private async all<R>(work: Work, lists: readonly (readonly unknown[])[], chunkSize: number | undefined): Promise<Awaited<R>[]> {
    const size = chunkSize ?? Math.ceil(lists.length / (CHUNKS_PER_PROCESS * this.processes.all.size))
    const results: Awaited<R>[] = []
    for await (const result of this.run<R>(work, slices(lists, size), true)) results.push(result)
    return results
  }

  private async *run<R>(work: Work, chunks: Iterable<Chunk> | AsyncIterable<Chunk>, ordered: boolean): Results<R> {
    /** Chunks that were begun and have not succeeded; few, since no more are begun than there are processes. */
    const begun = new Map<ObjectRef, Chunk>()
    const apply = (process: Process, chunk: Chunk) => {
      const ref = send(process, work, chunk)
      for (const earlier of begun.keys()) if (earlier.state === READY) begun.delete(earlier)
      begun.set(ref, chunk)
      return ref
    }
    this.working++
    try {
      const results = ordered ? this.processes.map(apply, chunks) : this.processes.mapUnordered(apply, chunks)
      for await (const chunk of results) yield* chunk as Awaited<R>[]
    } catch (error) {
      if (error instanceof ActorDiedError && this.ended === undefined) {
        for (const [ref, chunk] of begun) if (ref.value === error) throw deathUnder(chunk, work, error)
      }
      const thrown = error instanceof TaskError ? error.cause : undefined
      if (!isChunkError(thrown)) throw error
      yield* (thrown.done ?? []) as Awaited<R>[]
      throw failureAt(thrown, work)
    } finally {
      this.working--
      this.worked.fire()
    }
  }
}

/** What cannot travel is named by its place among the values. */
function send(process: Process, { definition }: Work, chunk: Chunk): ObjectRef<unknown[]> {
  try {
    return process.run.remote(definition, chunk)
  } catch (error) {
    if (!(error instanceof SerializationError)) throw error
    const place = (_: string, list: string, argument: string) =>
      `item ${chunk.start + Number(list)}${argument === '0' ? '' : `, argument ${argument}`}`
    throw new SerializationError(`${definition.name}: ${error.message.replace(/^args\[1\]\.lists\[(\d+)\]\[(\d+)\]/, place)}`, {
      cause: error,
    })
  }
}

function* slices(lists: readonly (readonly unknown[])[], size: number): Iterable<Chunk> {
  for (let start = 0; start < lists.length; start += size) yield { start, lists: lists.slice(start, start + size) }
}

async function* gather(values: Iterable<unknown> | AsyncIterable<unknown>, size: number): AsyncIterable<Chunk> {
  let start = 0
  let lists: [unknown][] = []
  for await (const value of values) {
    lists.push([value])
    if (lists.length < size) continue
    yield { start, lists }
    start += lists.length
    lists = []
  }
  if (lists.length > 0) yield { start, lists }
}

function deathUnder({ start, lists }: Chunk, { definition: { name }, many }: Work, error: ActorDiedError): ActorDiedError {
  const last = start + lists.length - 1
  const items = !many ? '' : last === start ? ` (item ${start})` : ` (items ${start} to ${last})`
  const why = `its process died each time it was tried, up to ${count(MAX_RETRIES + 1, 'time')}`
  return new ActorDiedError(`${name}${items} failed: ${why}; the last one said: ${error.message}`, { cause: error })
}

/** Errors arrive with their name and properties, not with the class. */
function isChunkError(thrown: unknown): thrown is ChunkError {
  return thrown instanceof Error && thrown.name === 'ChunkError' && 'at' in thrown
}

function failureAt(thrown: ChunkError, { definition: { name, source, line }, site, many }: Work): TaskError {
  const note = source !== undefined && line === undefined ? ` (lines count from the beginning of ${name})` : ''
  const cause = 'cause' in thrown ? thrown.cause : thrown.message
  return new TaskError(many ? `${name} (item ${thrown.at})` : name, cause, site.frames(), 'a process of the pool', note)
}
