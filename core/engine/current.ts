import { GymnuraError } from '../api/errors.js'
import type { InitOptions } from '../api/options.js'
import type { Engine } from './engine.js'

/** This thread's engine. A worker's is set before any of the user's code runs; the driver's by `init`, or by the first call that needs it. */
let current: Engine | undefined
let make: ((options: InitOptions) => Engine) | undefined

/** How the driver makes its engine; registered rather than imported, so that workers do not load the driver's code. */
export function setEngineMaker(maker: (options: InitOptions) => Engine): void {
  make = maker
}

export function setEngine(engine: Engine | undefined): void {
  current = engine
}

export function engineIfAny(): Engine | undefined {
  return current
}

export function startEngine(options: InitOptions): Engine {
  if (make === undefined) throw new GymnuraError('ERR_INIT', "the runtime is not loaded: import it from 'gymnura'")
  current = make(options)
  return current
}

/** The engine, started with its defaults if there is none yet. */
export function engine(): Engine {
  return current ?? startEngine({})
}
