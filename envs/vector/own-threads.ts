import { EnvError } from '../errors.js'
import { nodeModule, threadFlags } from '../host.js'
import type { Keeping } from './keeper-worker.js'
import type { EnvThreadPool } from './threads.js'

let keeper: import('node:worker_threads').Worker | null = null
let lastNumber = 0

/** Threads of the program's own, a new one for each. @throws EnvError (ENVS_NOT_CLONEABLE) for an option that cannot be sent to one */
export const OWN_THREADS: EnvThreadPool = {
  run(setup) {
    const number = ++lastNumber
    try {
      ask({ start: number, setup })
    } catch (cause) {
      throw new EnvError('ENVS_NOT_CLONEABLE', `an option cannot be sent to another thread: ${(cause as Error).message}`, { cause })
    }
    return { stop: () => ask({ stop: number }) }
  },
}

function ask(keeping: Keeping): void {
  keeper ??= startKeeper()
  keeper.postMessage(keeping)
}

function startKeeper() {
  const threads = nodeModule('node:worker_threads', 'an AsyncVectorEnv')
  // The threads copy the environment's variables from it, as they are by then.
  const started = new threads.Worker(new URL('./keeper-worker.js', import.meta.url), { env: threads.SHARE_ENV, ...threadFlags() })
  started.unref()
  return started
}
