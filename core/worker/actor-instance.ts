import { runAs } from './context.js'
import type { Loaded } from './load.js'
import type { Request } from './request.js'
import { Saver, type Saving } from './saver.js'
import { isThenable } from './thenable.js'

/** The actor that lives in a thread: how it is made, restored, called, and its state saved. */
export class ActorInstance {
  private methods: readonly string[] = []
  private instance: (Record<string, Loaded> & Saving) | undefined
  /** Saves its state after each call, if it has `saveState`. */
  saver: Saver | undefined = undefined

  constructor(
    private readonly save: (state: unknown) => void,
    /** It takes calls now: it is constructed and, after a restart, restored. */
    private readonly opened: () => void,
  ) {}

  /** `restores`: its state follows. */
  construct(type: Loaded, { inlet, what, args }: Request, restores: boolean): undefined {
    const instance = Reflect.construct(type, args) as Record<string, Loaded>
    if (isThenable(instance)) {
      throw new TypeError(`the constructor of ${type.name} returned a promise; give the class an async method and call that first`)
    }
    if ((instance.saveState === undefined) !== (instance.restoreState === undefined))
      throw new TypeError(`${type.name} has only one of saveState and restoreState; give it both, or neither`)
    this.instance = instance
    this.methods = inlet.shippedAs(what).methods
    if (!restores) this.open()
  }

  async restore(state: unknown): Promise<void> {
    await this.instance!.restoreState!(state)
    this.open()
  }

  private open(): void {
    const { instance } = this
    if (instance?.saveState !== undefined) this.saver = new Saver(instance, this.save)
    this.opened()
  }

  call({ task, what, args }: Request): unknown {
    const instance = this.instance!
    const method = this.methods[what]!
    return runAs(task, () => instance[method]!(...args))
  }
}

/** What a call ends with, once the actor's state is saved; undefined if that is done. */
export function saved(saver: Saver, result: unknown, pending: Promise<unknown> | undefined): Promise<unknown> | undefined {
  if (pending === undefined) return saver.save()?.then(() => result)
  return pending.then(
    async (value) => {
      await saver.save()
      return value
    },
    async (error: unknown) => {
      await savedAnyway(saver, error)
      throw error
    },
  )
}

/** A call that throws may have changed the state before, and its caller sees that it ran. What it threw matters more than what saving throws. */
export function savedAnyway(saver: Saver, error: unknown): Promise<never> | undefined {
  const fail = () => {
    throw error
  }
  try {
    return saver.save()?.then(fail, fail)
  } catch {
    return undefined
  }
}
