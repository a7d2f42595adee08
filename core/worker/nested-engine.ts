import type { AnyActorHandle } from '../api/actor-handle.js'
import { GymnuraError } from '../api/errors.js'
import type { ObjectRef } from '../api/object-ref.js'
import type { Engine } from '../engine/engine.js'
import { currentTask, OpenTask, type RuntimeContext } from './context.js'

/**
 * The engine inside a worker. Tasks are submitted from the driver only, so everything but the context is refused with an
 * error that says so; nothing hangs. To let tasks start tasks, `submit` would put a record with the encoded call into the
 * reply ring (payloads do not depend on which ring they lie in), the driver would pass it to its pool, and the value would
 * come back as a request record; `hold` would tell the driver that this worker's CPU is free meanwhile.
 */
export class NestedEngine implements Engine {
  private readonly outside: RuntimeContext

  constructor(workerId: string, actorId: number | undefined) {
    this.outside = new OpenTask(-1, actorId, workerId)
  }

  submit(): ObjectRef {
    throw refusal('.remote()')
  }

  createActor(): AnyActorHandle {
    throw refusal('.remote() of an actor class')
  }

  call(_actorId: number, _method: number, name: string): ObjectRef {
    throw refusal(`${name}.remote()`)
  }

  put(): ObjectRef {
    throw refusal('put()')
  }

  poll(): void {
    throw refusal('wait()')
  }

  hold(): void {
    throw refusal('get()')
  }

  release(): void {}

  cancel(): void {
    throw refusal('cancel()')
  }

  kill(): Promise<void> {
    throw refusal('kill()')
  }

  actorNamed(): AnyActorHandle | undefined {
    throw refusal('getActor()')
  }

  context(): RuntimeContext {
    return currentTask() ?? this.outside
  }

  ready(): Promise<void> {
    throw insideWorker('init')
  }

  shutdown(): Promise<void> {
    throw insideWorker('shutdown')
  }
}

function refusal(what: string): GymnuraError {
  return new GymnuraError(
    'ERR_NESTED_SUBMISSION',
    `${what} inside a task or actor: this version submits from the driver only. Return the data and submit the next step from the main thread`,
  )
}

export function insideWorker(what: string): GymnuraError {
  return new GymnuraError(
    'ERR_INIT',
    `${what}() was called inside a worker, most likely by the top level of a module that is imported for { module }. ` +
      "Guard it: import { isMainThread } from 'node:worker_threads' and call it only if (isMainThread)",
  )
}
