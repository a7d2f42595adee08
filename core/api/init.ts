import { isMainThread } from 'node:worker_threads'
import { engine, engineIfAny, setEngine, setEngineMaker, startEngine } from '../engine/current.js'
import { startDriver } from '../engine/driver.js'
import { GymnuraError } from './errors.js'
import { checkOptions, type InitOptions } from './options.js'
import { setPlacementGroups } from './placement-group.js'
import { setStateSource } from './state.js'

setEngineMaker(startDriver)
setPlacementGroups((start) => (start ? engine() : engineIfAny())?.placementGroups)
setStateSource(() => {
  const running = engineIfAny()
  if (running === undefined)
    throw new GymnuraError(
      'ERR_INIT',
      'no runtime is running, so there is nothing to tell: ask after init() or a first task, and before shutdown()',
    )
  return running.state
})

/**
 * Starts the runtime and resolves once its workers take tasks. Optional: the first call that needs the runtime starts it
 * with the defaults. A second `init` throws, as in Ray, unless `ignoreReinitError`.
 */
export async function init(options: InitOptions = {}): Promise<void> {
  const running = engineIfAny()
  if (inWorker()) throw insideWorker('init')
  checkOptions('init', 'init', options)
  if (running !== undefined && !options.ignoreReinitError) {
    throw new GymnuraError(
      'ERR_INIT',
      'init: the runtime is running already (a first .remote() or put() starts it too); call shutdown() first, or give ignoreReinitError',
    )
  }
  await (running ?? startEngine(options)).ready()
}

/** Ends all workers. Pending calls fail; a later call starts the runtime anew. A program that ends by itself need not call it. */
export async function shutdown(): Promise<void> {
  if (inWorker()) throw insideWorker('shutdown')
  const running = engineIfAny()
  if (running === undefined) return
  const closed = running.shutdown()
  setEngine(undefined)
  await closed
}

/** A worker's engine is set before any of the user's code runs; another thread of a program's own has none, and may start one. */
function inWorker(): boolean {
  return !isMainThread && engineIfAny()?.context().workerId !== undefined
}

function insideWorker(what: string): GymnuraError {
  return new GymnuraError(
    'ERR_INIT',
    `${what}() was called inside a worker, most likely by the top level of a module that is imported for { module }. ` +
      "Guard it: import { isMainThread } from 'node:worker_threads' and call it only if (isMainThread)",
  )
}
