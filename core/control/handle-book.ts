import { type ActorCaller, type ActorShape, AnyActorHandle } from '../api/actor-handle.js'

/** The handles of a thread: one object an actor, so that its end is the end of this thread's hold. */
export class HandleBook {
  private readonly known = new Map<number, WeakRef<AnyActorHandle>>()
  private readonly registry = new FinalizationRegistry<number>((id) => {
    if (this.known.get(id)?.deref() === undefined) {
      this.known.delete(id)
      this.caller.handleGone(id)
    }
    this.dropped(id)
  })

  constructor(
    private readonly caller: ActorCaller,
    private readonly dropped: (id: number) => void,
  ) {}

  /** The handle, and whether it is new here. */
  get(id: number, shape: ActorShape): { handle: AnyActorHandle; fresh: boolean } {
    const known = this.known.get(id)?.deref()
    if (known !== undefined) return { handle: known, fresh: false }
    const handle = new AnyActorHandle(id, shape, this.caller)
    this.known.set(id, new WeakRef(handle))
    this.registry.register(handle, id)
    return { handle, fresh: true }
  }
}
