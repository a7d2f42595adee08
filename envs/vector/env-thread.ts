import { EnvError } from '../errors.js'
import { OWN_THREADS } from './own-threads.js'
import {
  type Ask,
  type EnvThread,
  type EnvThreadPool,
  type EnvThreadSetup,
  KIND,
  LIFE,
  Mailbox,
  type Reply,
  WORD,
  WORDS,
} from './threads.js'

/** Importing all environments takes part of a second; on a busy machine more. */
const START_MS = 60_000
const SPINS = 500
/** A polite close is waited for so long. */
const CLOSE_MS = 2_000
/** Between two looks whether a thread that does not answer is still there. */
const LOOK_MS = 1_000

/** The program's side of one thread that steps environments `start`, …, `start + count − 1`. */
export class EnvThreadHandle {
  /** Whether it ended or did not answer in time, so that nothing more can be asked of it. */
  lost = false
  /** Of the infos in shared memory. */
  #infoKeys: readonly string[] = []
  #words!: Int32Array
  #thread!: EnvThread
  #requests!: Mailbox
  #replies!: Mailbox
  #asked = 0
  /** Whether an answer to what was asked is still to be taken. */
  #owes = false

  constructor(
    private readonly setup: Omit<EnvThreadSetup, 'words' | 'channel'>,
    readonly start: number,
    readonly count: number,
    private readonly timeoutMs: number,
    private readonly pool: EnvThreadPool = OWN_THREADS,
  ) {
    this.#begin()
  }

  #begin(): void {
    const channel = `gymnura-envs-${globalThis.crypto.randomUUID()}`
    this.#words = new Int32Array(new SharedArrayBuffer(4 * WORDS))
    this.#requests = new Mailbox(`${channel}-in`)
    this.#replies = new Mailbox(`${channel}-out`)
    this.#asked = 0
    this.#owes = false
    this.lost = false
    this.#thread = this.pool.run({ ...this.setup, words: this.#words, channel })
  }

  /** Ends the thread and begins another, with new environments. */
  restart(): void {
    this.#end()
    this.#begin()
  }

  /** Waits without blocking this thread. @throws EnvError (ENVS_TIMEOUT) */
  async ready(): Promise<void> {
    for (const end = performance.now() + START_MS; Atomics.load(this.#words, WORD.life) === LIFE.starting; ) {
      if (performance.now() > end) throw new EnvError('ENVS_TIMEOUT', `a thread of the pool did not begin within ${START_MS / 1000} s`)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  ask(ask: Ask): void {
    this.#begun()
    this.#requests.send(ask)
    this.#ring(KIND.ask)
  }

  /** Asks for a step with the actions that lie in shared memory. */
  step(): void {
    this.#begun()
    this.#ring(KIND.step)
  }

  #ring(kind: number): void {
    this.#owes = true
    Atomics.store(this.#words, WORD.kind, kind)
    Atomics.store(this.#words, WORD.request, ++this.#asked)
    Atomics.notify(this.#words, WORD.request)
  }

  /** A message to a thread that does not listen yet would be lost. */
  #begun(): void {
    this.settle()
    if (this.lost) throw new EnvError('ENVS_CLOSED', 'a thread of these environments has ended; close() them and make new ones')
    if (Atomics.load(this.#words, WORD.life) === LIFE.starting) Atomics.wait(this.#words, WORD.life, LIFE.starting, START_MS)
    if (Atomics.load(this.#words, WORD.life) === LIFE.starting)
      throw new EnvError('ENVS_TIMEOUT', 'a thread did not begin; where it comes from a pool, await envs.ready() first')
  }

  /**
   * Waits for an answer that nobody took, because another thread threw before: it would be taken for the next one's. After it `lost` says
   * how it is.
   */
  settle(): void {
    try {
      if (this.#owes) this.reply()
    } catch {
      // Nobody asks any more.
    }
  }

  get answered(): boolean {
    return Atomics.load(this.#words, WORD.reply) === this.#asked
  }

  /** Waits for the answer. @throws EnvError (ENVS_MEMBER_FAILED, ENVS_TIMEOUT) */
  reply(): Reply | null {
    this.#owes = false
    for (let i = 0; i < SPINS && !this.answered; i++);
    for (const end = performance.now() + this.timeoutMs; !this.answered; ) {
      if (Atomics.load(this.#words, WORD.life) === LIFE.gone)
        throw this.#losing('ENVS_MEMBER_FAILED', `the thread has ended${this.#lastWord()}`)
      const left = end - performance.now()
      if (left <= 0) throw this.#losing('ENVS_TIMEOUT', `no answer within ${this.timeoutMs} ms`)
      // That it ends between the look above and this sleep would wake nobody.
      Atomics.wait(this.#words, WORD.reply, this.#asked - 1, Math.min(left, LOOK_MS))
    }
    if (Atomics.load(this.#words, WORD.message) === 0) return null
    const reply = this.#replies.receive<Reply>() ?? null
    if (reply?.error) throw this.#failure(reply.error)
    if (reply?.infoKeys) this.#infoKeys = reply.infoKeys
    return reply
  }

  #lastWord(): string {
    for (let word = this.#replies.receive<Reply>(); word; word = this.#replies.receive<Reply>()) if (word.ended) return `: ${word.ended}`
    return ''
  }

  /** The infos that lie in shared memory since the last answer, null where there are none. */
  get infoNumbers(): { keys: readonly string[]; numbers: Float64Array } | null {
    if (Atomics.load(this.#words, WORD.infos) === 0) return null
    return { keys: this.#infoKeys, numbers: this.setup.infoNumbers }
  }

  #losing(code: 'ENVS_MEMBER_FAILED' | 'ENVS_TIMEOUT', why: string): EnvError {
    this.lost = true
    this.#thread.stop()
    return new EnvError(code, `${this.#which()}: ${why}`)
  }

  #failure({ code, message, name, stack }: NonNullable<Reply['error']>): EnvError {
    const cause = Object.assign(new Error(message), {
      name,
      ...(stack === undefined ? {} : { stack }),
      ...(code === undefined ? {} : { code }),
    })
    return new EnvError('ENVS_MEMBER_FAILED', `${this.#which()}: ${name}: ${message}`, { cause })
  }

  #which(): string {
    return this.count === 1 ? `environment ${this.start}` : `environments ${this.start} to ${this.start + this.count - 1}`
  }

  close(): void {
    const ready = Atomics.load(this.#words, WORD.life) === LIFE.ready
    if (ready && !this.lost) {
      const asked = this.#asked
      this.ask({ what: 'close' })
      const end = performance.now() + CLOSE_MS
      for (let seen = asked; seen !== this.#asked && performance.now() < end; seen = Atomics.load(this.#words, WORD.reply)) {
        Atomics.wait(this.#words, WORD.reply, seen, CLOSE_MS)
      }
    }
    this.#end()
  }

  #end(): void {
    this.#thread.stop()
    this.#requests.close()
    this.#replies.close()
  }
}
