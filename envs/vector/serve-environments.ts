import { importModule, loadEntryPoint } from '../entry-points.js'
import type { Env, Info } from '../env.js'
import { EnvSpec, type WrapperSpec } from '../env-spec.js'
import { InvalidSpace } from '../errors.js'
import { make, makeAsync } from '../make.js'
import { createEmptyArray, iterate, putElement } from '../spaces/index.js'
import { isFixedSize } from './batches.js'
import { InfoWriter } from './info-numbers.js'
import { SyncVectorEnv } from './sync-vector-env.js'
import { type Ask, announce, type EnvThreadSetup, KIND, LIFE, Mailbox, type MemberMaker, type Reply, WORD } from './threads.js'

/** Rounds of looking for the next request before the thread sleeps: some microseconds, in which a busy program asks again. */
const SPINS = 2_000

/**
 * Steps environments on this thread for an AsyncVectorEnv on another, until that is closed. Threads of its own do it by themselves; a
 * pool passed to it calls this (see EnvThreadPool).
 */
export async function serveEnvironments(setup: EnvThreadSetup): Promise<void> {
  const { words } = setup
  const [requests, replies] = [new Mailbox(`${setup.channel}-in`), new Mailbox(`${setup.channel}-out`)]
  let served: Served | null = null
  let broken: unknown = null
  try {
    served = new Served(setup, await makersOf(setup))
  } catch (error) {
    broken = error
  }
  announce(words, LIFE.ready)
  for (let seen = 0; ; ) {
    seen = nextRequest(words, seen)
    const ask: Ask | null = words[WORD.kind] === KIND.step && setup.actions !== null ? null : requests.receive<Ask>()!
    let reply: Reply | null
    try {
      if (broken !== null) throw broken
      reply = served!.perform(ask)
    } catch (error) {
      reply = { error: described(error) }
    }
    if (reply !== null) send(replies, reply)
    Atomics.store(words, WORD.message, reply === null ? 0 : 1)
    Atomics.store(words, WORD.infos, served?.infosAreWritten ? 1 : 0)
    Atomics.store(words, WORD.reply, seen)
    Atomics.notify(words, WORD.reply)
    if (ask?.what === 'close') break
  }
  requests.close()
  replies.close()
}

function nextRequest(words: Int32Array, seen: number): number {
  for (let i = 0; i < SPINS; i++) {
    const request = Atomics.load(words, WORD.request)
    if (request !== seen) return request
  }
  while (Atomics.load(words, WORD.request) === seen) Atomics.wait(words, WORD.request, seen)
  return Atomics.load(words, WORD.request)
}

function send(replies: Mailbox, reply: Reply): void {
  try {
    replies.send(reply)
  } catch (error) {
    replies.send({ error: described(error) })
  }
}

function described(error: unknown): Reply['error'] {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, code: undefined }
  const { name, message, stack } = error
  return { name, message, stack, code: (error as { code?: string }).code }
}

/** Makes the environments once, to import all they need, and gives what makes them again without waiting. */
async function makersOf({ makers, modules }: EnvThreadSetup): Promise<(() => Env)[]> {
  for (const module of modules) await importModule(module)
  const list: (() => Env)[] = []
  for (const maker of makers) list.push(await makerOf(maker))
  return list
}

async function makerOf({ spec, options, wrappers }: MemberMaker): Promise<() => Env> {
  const around: ((env: Env) => Env)[] = []
  for (const wrapper of wrappers) around.push(await wrapperOf(wrapper))
  if (typeof spec === 'string') {
    const build = (await loadEntryPoint(spec)) as (options: Record<string, unknown>) => Env
    return () => around.reduce((env, wrap) => wrap(env), build(options))
  }
  const fields = new EnvSpec(spec)
  // Imports what is imported only where the environment is made.
  ;(await makeAsync(fields, options)).close()
  return () => around.reduce((env, wrap) => wrap(env), make(fields, options))
}

async function wrapperOf(wrapper: WrapperSpec | string): Promise<(env: Env) => Env> {
  if (typeof wrapper === 'string') return (await loadEntryPoint(wrapper)) as (env: Env) => Env
  const Made = (await loadEntryPoint(wrapper.entryPoint ?? wrapper.name)) as new (env: Env, kwargs: object) => Env
  return (env) => new Made(env, wrapper.kwargs ?? {})
}

class Served {
  readonly #envs: SyncVectorEnv<unknown>
  readonly #actions: Float64Array | null
  readonly #plain: boolean
  readonly #observations: unknown
  readonly #infoWriter: InfoWriter
  #infos: [i: number, info: Info][] = []
  /** Whether the infos of the last answer lie in shared memory. */
  infosAreWritten = false

  constructor({ actions, autoresetMode, arrays, infoNumbers, onMemberFailure, spaces }: EnvThreadSetup, makers: (() => Env)[]) {
    this.#actions = actions
    this.#infoWriter = new InfoWriter(infoNumbers, makers.length)
    const infoSink = (info: Info, i: number) => {
      for (const _ in info) {
        this.#infos.push([i, info])
        return
      }
    }
    const probe = makers[0]!()
    this.#plain = isFixedSize(probe.observationSpace)
    const same = JSON.stringify([probe.observationSpace, probe.actionSpace]) === JSON.stringify([spaces.observation, spaces.action])
    if (!same)
      throw new InvalidSpace(
        `the environments on a thread have other spaces (${probe.observationSpace}, ${probe.actionSpace}) than environment 0`,
      )
    probe.close()
    const observations = this.#plain ? arrays.observations : createEmptyArray(probe.observationSpace, makers.length)
    this.#observations = observations
    const finalObs = this.#plain ? arrays.finalObs : createEmptyArray(probe.observationSpace, makers.length)
    this.#envs = new SyncVectorEnv<unknown>(makers, {
      autoresetMode,
      onMemberFailure,
      infoSink,
      arrays: { ...arrays, observations, finalObs },
    })
  }

  /** @returns null where the shared memory says all */
  perform(ask: Ask | null): Reply | null {
    this.#infos = []
    this.infosAreWritten = false
    if (ask === null) return this.#stepped(this.#envs.step(this.#actions!)[4])
    switch (ask.what) {
      case 'step': {
        const batch = createEmptyArray(this.#envs.singleActionSpace, ask.actions.length)
        for (const [i, action] of ask.actions.entries()) putElement(this.#envs.singleActionSpace, action, batch, i)
        return this.#stepped(this.#envs.step(batch as ArrayLike<number>)[4])
      }
      case 'reset': {
        const { mask, options, seeds } = ask
        if (mask && !mask.includes(1)) return null
        const seed = seeds.map((own) => own ?? null)
        this.#envs.reset({ seed, options: mask?.includes(0) ? { ...options, resetMask: mask } : options })
        return this.#stepped({})
      }
      case 'call':
        return { value: this.#envs.call(ask.name, ...ask.args) }
      case 'setAttr':
        this.#envs.setAttr(ask.name, ask.values)
        return null
      case 'getState':
        return { value: this.#envs.getState() }
      case 'setState':
        this.#envs.setState(ask.state as never)
        return null
      case 'close':
        this.#envs.close()
        return null
    }
  }

  #stepped(infos: { finalObs?: unknown; _finalObs?: Uint8Array }): Reply | null {
    if (this.#plain) {
      const written = this.#infoWriter.write(this.#infos)
      this.infosAreWritten = written !== null
      if (written !== null) return written.infoKeys ? written : null
      return this.#infos.length > 0 ? { infos: this.#infos } : null
    }
    const elements = (batch: unknown) => [...iterate(this.#envs.observationSpace, batch)]
    const finals = infos._finalObs?.includes(1) ? elements(infos.finalObs).map((o, i) => [i, o] as [number, unknown]) : []
    return {
      infos: this.#infos,
      observations: elements(this.#observations),
      finalObs: finals.filter(([i]) => infos._finalObs![i] === 1),
    }
  }
}
