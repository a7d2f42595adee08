/**
 * How AsyncVectorEnv and a thread that steps some of its environments talk. Numbers go through memory that both share; everything else
 * (seeds, options, infos, errors) through two named channels, which a sleeping thread reads when it is woken. So neither needs its event
 * loop: a step is one word written, one wake, one word back.
 *
 *     words:  request number | kind of request | reply number | whether a message belongs to the reply | thread is there or gone |
 *             whether infos of the reply lie in shared memory (info-numbers.ts)
 */
import type { EnvSpecFields, WrapperSpec } from '../env-spec.js'
import { EnvError } from '../errors.js'
import { nodeModule } from '../host.js'
import type { SpaceJSON } from '../spaces/index.js'
import type { MemberFailure } from './sync-vector-env.js'
import type { AutoresetMode } from './vector-env.js'
import type { VectorArrays } from './vector-types.js'

export const WORD = { request: 0, kind: 1, reply: 2, message: 3, life: 4, infos: 5 } as const
export const WORDS = 6
/** Kinds of requests. A step has no message where actions are numbers. */
export const KIND = { step: 1, ask: 2 } as const
export const LIFE = { starting: 0, ready: 1, gone: 2 } as const

/** Tells the program's side that the thread has begun or ended. */
export function announce(words: Int32Array, life: number): void {
  Atomics.store(words, WORD.life, life)
  Atomics.notify(words, WORD.life)
  // Who waits for a reply looks up too.
  Atomics.notify(words, WORD.reply)
}

/** How the environments of a thread are made there. */
export interface MemberMaker {
  /** Of a registered environment; or 'module:Export' of a function that gives one. */
  spec: EnvSpecFields | string
  options: Record<string, unknown>
  /** Around each, innermost first. */
  wrappers: readonly (WrapperSpec | string)[]
}

/** All that a thread needs; can be cloned to it. */
export interface EnvThreadSetup {
  words: Int32Array
  arrays: VectorArrays
  /** Null where actions are no plain numbers; then they come as messages. */
  actions: Float64Array | null
  /** A row an environment for infos that are numbers. */
  infoNumbers: Float64Array
  channel: string
  makers: readonly MemberMaker[]
  /** Modules that register environments, imported first. */
  modules: readonly string[]
  autoresetMode: AutoresetMode
  onMemberFailure: MemberFailure
  /** Spaces that the environments must have, as they are written to JSON. */
  spaces: { observation: SpaceJSON; action: SpaceJSON }
}

/**
 * Threads of someone else's to step environments on. `run` has `serveEnvironments(setup)` (exported by gymnura/envs) called on one of
 * them, where it stays until the environments are closed.
 */
export interface EnvThreadPool {
  run(setup: EnvThreadSetup): EnvThread
}

export interface EnvThread {
  /** Ends the thread, whatever it does. */
  stop(): void
}

/** Asked of a thread by a message. */
export type Ask =
  | { what: 'step'; actions: unknown[] }
  | { what: 'reset'; seeds: (number | bigint | undefined)[]; mask: Uint8Array | null; options: Record<string, unknown> }
  | { what: 'call'; name: string; args: unknown[] }
  | { what: 'setAttr'; name: string; values: unknown[] }
  | { what: 'getState' }
  | { what: 'setState'; state: unknown }
  | { what: 'close' }

export interface Reply {
  /** Of environments that have any, by their number on the thread. */
  infos?: [i: number, info: Record<string, unknown>][]
  /** Of the infos in shared memory from now on. */
  infoKeys?: string[]
  /** Observations that are no plain numbers, all of the thread's. */
  observations?: unknown[]
  finalObs?: [i: number, observation: unknown][]
  value?: unknown
  /** Why the thread has ended; its last word. */
  ended?: string
  error?: { name: string; message: string; stack: string | undefined; code: string | undefined }
}

/** A channel between threads that can be read without an event loop. */
export class Mailbox {
  readonly #channel: import('node:worker_threads').BroadcastChannel
  readonly #receive: (channel: never) => { message: unknown } | undefined

  constructor(name: string) {
    const { BroadcastChannel, receiveMessageOnPort } = nodeModule('node:worker_threads', 'an AsyncVectorEnv')
    this.#channel = new BroadcastChannel(name)
    this.#channel.unref()
    this.#receive = receiveMessageOnPort as never
  }

  /** @throws EnvError (ENVS_NOT_CLONEABLE) for what cannot be sent to another thread */
  send(message: unknown): void {
    try {
      this.#channel.postMessage(message)
    } catch (cause) {
      throw new EnvError('ENVS_NOT_CLONEABLE', `this cannot be sent to another thread: ${(cause as Error).message}`, { cause })
    }
  }

  receive<T>(): T | undefined {
    return this.#receive(this.#channel as never)?.message as T | undefined
  }

  close(): void {
    this.#channel.close()
  }
}
