import { shutDown } from '../api/errors.js'
import { ObjectRef } from '../api/object-ref.js'
import { Task } from '../scheduler/task.js'
import type { LargeValue, Lineage } from '../store/large-value.js'
import { remembered, rememberedAttachment } from '../store/remnant.js'
import { TASK } from '../worker/layout.js'
import type { LocalEngine } from './local.js'

/** A task's own arguments are kept, to make its result again, up to so many bytes. */
const LINEAGE_BYTES = 1024 * 1024
/** The lineage of so many tasks is kept, the latest: a chain of results, each made of the one before, may have no end. */
const KEPT = 50_000

const kept: WeakRef<Recipe>[] = []
let oldest = 0

/** How the large result of a task is made again; undefined if it cannot be. */
export function lineageOf(engine: LocalEngine, task: Task): Lineage | undefined {
  if (task.kind !== TASK || task.alone || task.stream !== undefined || task.maxRetries === 0) return undefined
  if (task.slot >= 0) engine.pool.recover(task)
  if (task.payload === undefined) return undefined
  let inline = task.payload.byteLength
  for (const { once, object } of task.attachments) if (once && object instanceof SharedArrayBuffer) inline += object.byteLength
  if (inline > LINEAGE_BYTES) return undefined
  const recipe = new Recipe(engine, task, task.payload)
  kept[oldest]?.deref()?.forget()
  kept[oldest] = new WeakRef(recipe)
  oldest = (oldest + 1) % KEPT
  return recipe
}

/** A task that can be run again, with the arguments it had. What it was given by refs is made again in its turn, if it has to be. */
class Recipe implements Lineage {
  readonly name: string
  /** Retries that are used up, of crashes and of runs for what was lost. */
  private used: number
  private again: ((engine: LocalEngine) => Task) | undefined
  private running = false
  private readonly results: (WeakRef<LargeValue> | undefined)[] = []
  /** Kept while the task runs: those that wait for them may be known to nobody else. */
  private readonly waiting = new Set<LargeValue>()

  constructor(
    private readonly engine: LocalEngine,
    task: Task,
    payload: Uint8Array,
  ) {
    const { name, definition, what, site, maxRetries, retryExceptions, needs } = task
    const several = task.more?.length
    const attachments = task.attachments.map(rememberedAttachment)
    const borrowed = task.borrowed.map(remembered)
    this.name = name
    this.used = task.attempt
    this.again = ({ mint }) => {
      const again = new Task(TASK, new ObjectRef(mint()), name, definition, what, site)
      again.payload = payload
      again.attachments = attachments.map((recall) => recall())
      again.borrowed = borrowed.map((recall) => recall())
      again.maxRetries = maxRetries
      again.retryExceptions = retryExceptions
      again.needs = needs
      if (several !== undefined) again.more = Array.from({ length: several }, () => new ObjectRef(mint()))
      return again
    }
    this.maxRetries = maxRetries
  }

  private readonly maxRetries: number

  made(value: LargeValue): void {
    this.results[value.index] = new WeakRef(value)
  }

  /** It is too long ago. */
  forget(): void {
    this.again = undefined
  }

  rebuild(value: LargeValue): string | undefined {
    if (!this.running) {
      if (this.again === undefined) return `What it was made of is forgotten: ${KEPT} tasks with large results have run since`
      if (this.maxRetries !== -1 && this.used >= this.maxRetries)
        return `It is not made again: the task has used up its ${this.used} retries`
      this.run(this.again(this.engine))
    }
    this.waiting.add(value)
    return undefined
  }

  private run(task: Task): void {
    const { engine } = this
    this.running = true
    task.attempt = ++this.used
    const refs = [task.ref, ...(task.more ?? [])]
    // They settle one after another, in this order.
    refs.at(-1)!.addWaiter({ settled: () => this.over(task, refs) })
    // Not at once: this may be in the middle of sending another.
    queueMicrotask(() => {
      if (engine.closed) {
        engine.outcomes.fail(task, shutDown())
        return
      }
      if (task.borrowed.length > 0) engine.book.share(task.borrowed)
      if (task.needs !== undefined) engine.entrusted.run(task, { bytes: task.payload!, attachments: task.attachments })
      else engine.pool.requeue([task])
      engine.pump.expect()
    })
  }

  private over(task: Task, refs: readonly ObjectRef[]): void {
    this.running = false
    this.used = task.attempt
    const waiting = [...this.waiting]
    this.waiting.clear()
    for (const value of new Set([...waiting, ...this.results.map((weak) => weak?.deref())])) value?.rebuilt(refs[value.index]!)
  }
}
