import { carry } from '../store/carried.js'
import { actor } from './actor.js'
import { type ActorHandle, AnyActorHandle } from './actor-handle.js'
import { checkIterable, checkKnown, checkWhole, shown } from './checks.js'
import { count, invalid, QueueEmptyError, QueueFullError, SerializationError } from './errors.js'
import { kill } from './lifecycle.js'
import { get, wait } from './objects.js'
import { type ActorOptions, checkOptions } from './options.js'
import { QueueActor, type Refusal } from './queue-actor.js'

/** Each put or get that waits is an open call of the actor: were their number limited, they could keep out the one they wait for. */
const queueActors = actor(QueueActor, {
  module: new URL('./queue-actor.js', import.meta.url).href,
  maxConcurrency: Number.MAX_SAFE_INTEGER,
})

/** What a graceful shutdown waits for the calls made before it. */
const GRACE_MS = 5000

type Timeout = { readonly timeoutMs?: number }

/**
 * A first-in-first-out queue between the driver, tasks and actors. It lives in an actor of its own. (Ray: `ray.util.queue.Queue`.)
 *
 *     const queue = new Queue<string>(100)
 *     await queue.put('x')
 *     await queue.get({ timeoutMs: 50 })   // 'x'
 *
 * A queue can be passed to tasks and actors. Items are copied on their way in and out, as the arguments and results of calls are; refs and handles stay what they are.
 * Whoever waits is served in the order of arrival. After `shutdown`, or if the actor dies, everything throws ActorDiedError.
 */
export class Queue<T = unknown> {
  /** All that a queue is: `Queue.from` makes it again. */
  readonly actor: ActorHandle<QueueActor>

  /** `maxSize`: how many items it holds at most; 0 is no limit. `options` are the actor's, such as its name. */
  constructor(maxSize = 0, options: Omit<ActorOptions, 'module' | 'maxConcurrency'> = {}) {
    checkWhole('Queue: maxSize', maxSize, 0)
    checkOptions('actor', 'Queue', options)
    for (const own of ['maxConcurrency', 'module'])
      if (own in options)
        throw invalid(`Queue: '${own}' cannot be set; any number of calls may wait in its actor, which is the runtime's own`)
    this.actor = queueActors.options(options).remote(maxSize)
  }

  /** The queue of a handle: that of `queue.actor`, or what `getActor` gives for a queue with a name. */
  static from<T = unknown>(handle: AnyActorHandle): Queue<T> {
    if (!(handle instanceof AnyActorHandle) || handle.shape.className !== QueueActor.name) {
      const given = handle instanceof AnyActorHandle ? `that of ${handle.shape.className}` : shown(handle)
      throw invalid(`Queue.from: expects the actor handle of a queue, not ${given}`)
    }
    return Object.assign(Object.create(Queue.prototype) as Queue<T>, { actor: handle })
  }

  /** Adds an item at the end; while the queue is full it waits, at most `timeoutMs`, and throws QueueFullError then. */
  async put(item: T, options: Timeout = {}): Promise<void> {
    checkOptions('get', 'Queue.put', options)
    await this.add('put', [item], options.timeoutMs)
  }

  /** Adds an item if there is room now, else throws QueueFullError. */
  async putNowait(item: T): Promise<void> {
    await this.add('putNowait', [item], 0)
  }

  /** Adds all items in their order, together: it waits until there is room for all. What can never fit throws at once. */
  async putBatch(items: Iterable<T>, options: Timeout = {}): Promise<void> {
    checkOptions('get', 'Queue.putBatch', options)
    await this.add('putBatch', listOf('putBatch', items), options.timeoutMs)
  }

  /** Adds all items if there is room for all now, else none and throws QueueFullError. */
  async putNowaitBatch(items: Iterable<T>): Promise<void> {
    await this.add('putNowaitBatch', listOf('putNowaitBatch', items), 0)
  }

  /** Takes the first item; while there is none it waits, at most `timeoutMs`, and throws QueueEmptyError then. */
  async get(options: Timeout = {}): Promise<T> {
    checkOptions('get', 'Queue.get', options)
    const items = await this.take(1, options.timeoutMs)
    if (items === undefined) throw new QueueEmptyError(`Queue.get: no item came in ${options.timeoutMs} ms`)
    return items[0] as T
  }

  /** Takes the first item if there is one now, else throws QueueEmptyError. */
  async getNowait(): Promise<T> {
    const items = await this.take(1, 0)
    if (items === undefined) throw new QueueEmptyError('Queue.getNowait: the queue is empty')
    return items[0] as T
  }

  /** Takes the first `numItems` items if there are so many now, else none and throws QueueEmptyError. */
  async getNowaitBatch(numItems: number): Promise<T[]> {
    checkWhole('Queue.getNowaitBatch: numItems', numItems, 0)
    const items = await this.take(numItems, 0)
    if (items === undefined) throw new QueueEmptyError(`Queue.getNowaitBatch: the queue holds fewer than ${count(numItems, 'item')}`)
    return items
  }

  /** How many items it holds. */
  async size(): Promise<number> {
    return await get(this.actor.size.remote())
  }

  async empty(): Promise<boolean> {
    return (await this.size()) === 0
  }

  /** Whether it holds `maxSize` items; never of a queue without limit. */
  async full(): Promise<boolean> {
    return await get(this.actor.full.remote())
  }

  /** Ends the queue's actor once it has answered this caller's earlier calls, or (`force`) now. Items are lost, and who waits fails. */
  async shutdown(options: { readonly force?: boolean } = {}): Promise<void> {
    checkKnown('Queue.shutdown', options, ['force'])
    if (!options.force) await wait([this.actor.size.remote()], { timeoutMs: GRACE_MS })
    await kill(this.actor, { noRestart: true })
  }

  private async add(method: string, items: readonly T[], timeoutMs: number | undefined): Promise<void> {
    // Inside a list, so that an item that is a ref stays one.
    const refusal: Refusal | undefined = await get(this.send(method, items, timeoutMs))
    if (refusal === undefined) return
    const { size, maxSize, waiting } = refusal
    const what = `Queue.${method}: ${count(items.length, 'item')}`
    if (items.length > maxSize) throw new QueueFullError(`${what} can never fit into a queue of maxSize ${maxSize}`)
    const when = timeoutMs ? ` in ${timeoutMs} ms` : ''
    const others = waiting > 0 ? `, and ${count(waiting, 'put')} came before` : ''
    throw new QueueFullError(`${what} found no room${when}: the queue holds ${size} of ${maxSize}${others}`)
  }

  private send(method: string, items: readonly T[], timeoutMs: number | undefined) {
    try {
      return this.actor.put.remote(items, timeoutMs)
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error
      throw new SerializationError(`Queue.${method}: ${error.message.replace(/^args\[0\]\[(\d+)\]/, 'item $1')}`, { cause: error })
    }
  }

  private async take(number: number, timeoutMs: number | undefined): Promise<T[] | undefined> {
    return (await get(this.actor.take.remote(number, timeoutMs))) as T[] | undefined
  }
}

carry({ name: 'Queue', type: Queue, pack: (queue: Queue<unknown>) => queue.actor, unpack: (handle) => Queue.from(handle) })

function listOf<T>(method: string, items: Iterable<T>): T[] {
  checkIterable(`Queue.${method}: items`, items)
  return [...items]
}
