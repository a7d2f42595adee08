/** What the twins of Ray's behaviours share, and how outcomes are told in words that both sides know (test/golden/core/behaviour.py). */
import { appendFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ActorHandle, actor, GymnuraError, get, type ObjectRef, remote, TaskError } from '../../../core/index.js'

const module = import.meta.url

/** Titles of behaviours, the same as on Ray's side, and what shows them. The answers are JSON. */
export type Behaviours = Readonly<Record<string, () => Promise<unknown>>>

const KINDS: Readonly<Record<string, string>> = {
  ERR_GET_TIMEOUT: 'timeout',
  ERR_TASK_CANCELLED: 'cancelled',
  ERR_ACTOR_DIED: 'actor died',
  ERR_WORKER_CRASHED: 'worker crashed',
  ERR_QUEUE_FULL: 'full',
  ERR_QUEUE_EMPTY: 'empty',
  ERR_INVALID_ARGUMENT: 'refused',
  ERR_INIT: 'refused',
  ERR_SERIALIZATION: 'refused',
}

export function kindOf(error: unknown): unknown {
  if (error instanceof TaskError) return { 'task failed': error.cause instanceof Error ? error.cause.message : String(error.cause) }
  if (error instanceof GymnuraError) return KINDS[error.code] ?? error.code
  return `not an error of the runtime: ${error}`
}

/** What a call gives, or in a word how it failed. */
export async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    return kindOf(error)
  }
}

export function outcomeOf(ref: ObjectRef | readonly ObjectRef[], timeoutMs = 30_000): Promise<unknown> {
  return outcome(() => get(ref as ObjectRef, { timeoutMs }))
}

let folder: string | undefined

/** A file that workers write to; one line a run outlives them. */
export function scratch(name: string): string {
  folder ??= mkdtempSync(join(tmpdir(), 'twins-'))
  return join(folder, name)
}

export function scratchFolder(): string | undefined {
  return folder
}

export function linesOf(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
}

/** Counts a run; returns which one it is, from 1. */
export function note(path: string): number {
  appendFileSync(path, 'run\n')
  return linesOf(path)
}

/** Whether a condition comes true in time. */
export async function until(condition: () => unknown, seconds = 20): Promise<boolean> {
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; ) {
    if (await condition()) return true
    await sleep(20)
  }
  return false
}

/** Opened once; whoever waits goes on then. */
export class SignalActor {
  private opened = false
  private arrived = 0
  open(): void {
    this.opened = true
  }
  isOpen(): boolean {
    return this.opened
  }
  arrive(): number {
    return ++this.arrived
  }
  arrivals(): number {
    return this.arrived
  }
}
export type Signal = ActorHandle<SignalActor>
export const Signals = actor(SignalActor, { module, numCpus: 0 })

export async function waitFor(signal: Signal): Promise<void> {
  while (!(await get(signal.isOpen.remote()))) await sleep(20)
}

export async function afterSignal<T>(signal: Signal, value?: T): Promise<T | undefined> {
  await waitFor(signal)
  return value
}

export function fail(message = 'no'): never {
  throw new RangeError(message)
}

export function same<T>(value: T): T {
  return value
}

/** A task that ends when the signal opens. */
export const after = remote(afterSignal, { module, numCpus: 0 })
export const failing = remote(fail, { module, numCpus: 0 })
export const identity = remote(same, { module, numCpus: 0 })
