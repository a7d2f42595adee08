import { engineIfAny } from '../engine/current.js'
import { Fifo } from '../scheduler/fifo.js'
import { AnyActorHandle } from './actor-handle.js'
import { checkIterable, shown } from './checks.js'
import { GetTimeoutError, type GymnuraError, invalid } from './errors.js'
import { ObjectRef } from './object-ref.js'
import { get, wait } from './objects.js'
import { checkOptions } from './options.js'
import { Signal } from './signal.js'

/** One value's way through the pool: it waits for an actor, runs, settles, and is taken by whoever asked. */
interface Call<A> {
  /** Makes the remote call on an actor. */
  readonly begin: (actor: A) => ObjectRef
  readonly of: Calls<A>
  ref: ObjectRef | undefined
  /** What `begin` threw: then there is no ref. */
  thrown: { readonly error: unknown } | undefined
  settled: boolean
  taken: boolean
}

/** The calls of one asker: all those of `submit`, or those of one `map`. */
class Calls<A> {
  /** Fired when a call settles and when one is taken. */
  readonly changed = new Signal()
  /** Not taken yet. */
  open = 0
  /** Nobody will take the rest. */
  dropped = false
  private readonly inOrder = new Fifo<Call<A>>()
  private readonly asSettled = new Fifo<Call<A>>()

  add(begin: (actor: A) => ObjectRef): Call<A> {
    const call: Call<A> = { begin, of: this, ref: undefined, thrown: undefined, settled: false, taken: false }
    this.inOrder.push(call)
    this.open++
    return call
  }

  settle(call: Call<A>): void {
    call.settled = true
    this.asSettled.push(call)
    this.changed.fire()
  }

  /** Takes the earliest call, or (unordered) the one that settled first; undefined if that has not settled. */
  take(ordered: boolean): Call<A> | undefined {
    const call = (ordered ? this.inOrder : this.asSettled).peek()
    if (call === undefined || !call.settled) return undefined
    call.taken = true
    this.open--
    // Each call is in both lists, and leaves each of them when it comes to its head.
    for (const list of [this.inOrder, this.asSettled]) while (list.peek()?.taken) list.shift()
    this.changed.fire()
    return call
  }
}

function resultOf<A>(call: Call<A>): Promise<unknown> {
  if (call.thrown !== undefined) throw call.thrown.error
  return get(call.ref!)
}

/**
 * A fixed group of actors that share work: each takes a new value when its call is over. (Ray: `ray.util.ActorPool`.)
 *
 *     const pool = new ActorPool([first, second])
 *     for await (const sum of pool.map((actor, x) => actor.add.remote(x), [1, 2, 3])) console.log(sum)
 *
 * An actor is free again when its call has settled, whether or not the result was asked for. One that died for good leaves the
 * pool: its call fails, and the others go on. A pool may begin empty and get its actors by `push`: what is submitted waits for
 * them, and whoever waits for results while there is none is told so instead.
 */
export class ActorPool<A extends AnyActorHandle> {
  private readonly members = new Set<A>()
  private readonly idle = new Fifo<A>()
  private readonly waiting = new Fifo<Call<A>>()
  private readonly submitted = new Calls<A>()

  constructor(actors: Iterable<A>) {
    checkIterable('ActorPool: actors', actors)
    for (const actor of actors) this.push(actor)
  }

  /**
   * Calls `fn(actor, value)`, which returns a ref, for each value, and yields the results in the order of the values.
   *
   * Values are pulled as they are needed: never more than there are actors beyond those whose results were handed out. So
   * one slow call holds back the rest; where order does not matter, `mapUnordered` keeps all actors busy. The first error,
   * of `fn`, of a call or of `values`, is thrown at its place and ends the loop. Leaving the loop early drops what was begun;
   * the actors are free as soon as their calls end. Nothing starts before the first result is asked for. Throws if the pool has no
   * actor when a value needs one.
   */
  map<V, R>(fn: (actor: A, value: V) => ObjectRef<R>, values: Iterable<V> | AsyncIterable<V>): AsyncGenerator<R, void, undefined> {
    checkWork('ActorPool.map', fn, values)
    return this.each('ActorPool.map', fn, values, true)
  }

  /** As `map`, but yields each result when it is there. */
  mapUnordered<V, R>(fn: (actor: A, value: V) => ObjectRef<R>, values: Iterable<V> | AsyncIterable<V>): AsyncGenerator<R, void, undefined> {
    checkWork('ActorPool.mapUnordered', fn, values)
    return this.each('ActorPool.mapUnordered', fn, values, false)
  }

  /** Gives one value to an actor that is idle, or to the first that becomes so. `getNext` and `getNextUnordered` read the results. */
  submit<V>(fn: (actor: A, value: V) => ObjectRef, value: V): void {
    checkFunction('ActorPool.submit', fn)
    this.start(this.submitted.add((actor) => fn(actor, value)))
  }

  /**
   * The result of the earliest submission that was not read yet; throws what it failed with. After `timeoutMs` throws
   * GetTimeoutError, and the submission stays. Throws if there is none, and if the pool has no actor to run it.
   */
  getNext<R = unknown>(options: { timeoutMs?: number } = {}): Promise<R> {
    return this.next('ActorPool.getNext', options, true) as Promise<R>
  }

  /** The result of the submission that was over first among those not read yet; otherwise as `getNext`. */
  getNextUnordered<R = unknown>(options: { timeoutMs?: number } = {}): Promise<R> {
    return this.next('ActorPool.getNextUnordered', options, false) as Promise<R>
  }

  /** Whether results of `submit` are still to be read. */
  hasNext(): boolean {
    return this.submitted.open > 0
  }

  /** Whether an actor is idle. */
  hasFree(): boolean {
    return this.idle.length > 0
  }

  /** Adds an actor. Throws if the pool has it already. */
  push(actor: A): void {
    if (!(actor instanceof AnyActorHandle)) throw invalid(`ActorPool: expects actor handles, not ${shown(actor)}`)
    if (this.members.has(actor)) throw invalid(`ActorPool: ${actor.shape.className} (actor ${actor.actorId}) is in the pool already`)
    this.members.add(actor)
    this.release(actor)
  }

  /** Takes an idle actor out of the pool; undefined if there is none. */
  popIdle(): A | undefined {
    const actor = this.idle.shift()
    if (actor !== undefined) this.members.delete(actor)
    return actor
  }

  private async *each<V, R>(
    caller: string,
    fn: (actor: A, value: V) => ObjectRef<R>,
    values: Iterable<V> | AsyncIterable<V>,
    ordered: boolean,
  ): AsyncGenerator<R, void, undefined> {
    const calls = new Calls<A>()
    let pulling = true
    let ended = false
    let failure: { error: unknown } | undefined
    const feed = async () => {
      try {
        for await (const value of values) {
          pulling = false
          if (calls.dropped) break
          if (this.members.size === 0) throw noActor(caller)
          this.start(calls.add((actor) => fn(actor, value)))
          while (calls.open >= Math.max(1, this.members.size) && !calls.dropped) await calls.changed.wait()
          if (calls.dropped) break
          pulling = true
        }
      } catch (error) {
        failure = { error }
      }
      ended = true
      calls.changed.fire()
    }
    const fed = feed()
    try {
      for (;;) {
        const call = calls.take(ordered)
        if (call !== undefined) yield (await resultOf(call)) as R
        else if (ended && calls.open === 0) break
        else if (calls.open > 0 && this.members.size === 0) throw noActor(caller)
        else await calls.changed.wait()
      }
    } finally {
      calls.dropped = true
      calls.changed.fire()
      // The source is closed before the loop is left, unless it is busy making a value: that may take for ever.
      if (!pulling) await fed
    }
    if (failure !== undefined) throw failure.error
  }

  private async next(caller: string, options: { timeoutMs?: number }, ordered: boolean): Promise<unknown> {
    checkOptions('get', caller, options)
    const { timeoutMs = Infinity } = options
    const deadline = performance.now() + timeoutMs
    const calls = this.submitted
    for (let lastLook = false; ; ) {
      const call = calls.take(ordered)
      if (call !== undefined) return resultOf(call)
      if (calls.open === 0) throw invalid(`${caller}: no result is to come; call submit() first, and ask hasNext() if in doubt`)
      // Actors that work cannot be taken out, so nothing runs.
      if (this.members.size === 0) throw noActor(caller)
      const leftMs = deadline - performance.now()
      if (leftMs > 0) await calls.changed.wait(leftMs)
      else if (lastLook) throw new GetTimeoutError(`${caller}: no result was there after ${timeoutMs} ms (${calls.open} to come)`)
      else {
        // What has arrived and was not noticed counts, also with a timeout of 0.
        lastLook = true
        engineIfAny()?.poll()
        await new Promise(setImmediate)
      }
    }
  }

  private start(call: Call<A>): void {
    this.waiting.push(call)
    const actor = this.idle.shift()
    if (actor !== undefined) this.release(actor)
  }

  /** Gives an actor that has nothing to do the next call that waits. */
  private release(actor: A): void {
    for (let call = this.waiting.shift(); call !== undefined; call = this.waiting.shift()) {
      if (!call.of.dropped && this.begin(actor, call)) return
    }
    this.idle.push(actor)
  }

  /** An actor has died for good: it would fail every call it is given. */
  protected lost(actor: A): void {
    this.members.delete(actor)
    // Their calls may have nobody left to run them.
    if (this.members.size === 0) for (const call of this.waiting.all()) call.of.changed.fire()
  }

  /** False if there was nothing to wait for. */
  private begin(actor: A, call: Call<A>): boolean {
    try {
      const ref = call.begin(actor)
      if (!(ref instanceof ObjectRef))
        throw invalid(`ActorPool: the function must return a ref, as in (actor, x) => actor.method.remote(x); it returned ${shown(ref)}`)
      call.ref = ref
    } catch (error) {
      call.thrown = { error }
      call.of.settle(call)
      return false
    }
    const over = () => {
      // First the next call, then the news: a result is read while its actor works on.
      if (actor.caller.isDead(actor.actorId)) this.lost(actor)
      else this.release(actor)
      call.of.settle(call)
    }
    wait([call.ref]).then(over, over)
    return true
  }
}

function noActor(caller: string): GymnuraError {
  return invalid(`${caller}: the pool has no actor to run anything; give it some, as in new ActorPool([first, second]) or pool.push(actor)`)
}

function checkFunction(caller: string, fn: unknown): void {
  if (typeof fn === 'function' && !Object.hasOwn(fn, 'remote')) return
  const given = typeof fn === 'function' ? 'a remote function' : shown(fn)
  throw invalid(`${caller}: expects a function such as (actor, x) => actor.method.remote(x), not ${given}`)
}

function checkWork(caller: string, fn: unknown, values: unknown): void {
  checkFunction(caller, fn)
  checkIterable(`${caller}: values`, values, true)
}
