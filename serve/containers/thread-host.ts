import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { readLines } from '../log/output-lines.js'
import type { ContainerEvents } from './container.js'
import { environmentOf } from './environment.js'
import { FrameType } from './frames.js'
import type { Host, HostEvents, StartHost } from './host.js'
import type { Limits } from './kinds.js'
import { PortWire } from './port-wire.js'

const MAIN = fileURLToPath(new URL('./container-main.js', import.meta.url))

/** Runs a container in a thread: half the start and a third of the memory of a process, but a crash of native code takes the server with it. */
export function threadHost(limits: Limits, said: ContainerEvents['said']): StartHost {
  return (events) => new ThreadHost(limits, said, events)
}

class ThreadHost implements Host {
  readonly pid = undefined
  readonly isAwaited = false
  lastWords = ''
  readonly #worker: Worker

  constructor(limits: Limits, said: ContainerEvents['said'], events: HostEvents) {
    const { memoryMB } = limits
    this.#worker = new Worker(MAIN, {
      stdout: true,
      stderr: true,
      env: environmentOf(limits),
      resourceLimits: memoryMB === undefined ? {} : { maxOldGenerationSizeMb: memoryMB },
    })
    readLines(this.#worker.stdout, (line) => said('stdout', line, undefined))
    readLines(this.#worker.stderr, (line) => said('stderr', line, undefined))
    const wire = new PortWire(this.#worker)
    wire.onFrame = (frame) => {
      if (frame.type === FrameType.HELLO) events.arrived(wire, 1)
    }
    this.#worker.on('error', (error) => {
      this.lastWords = error.message
    })
    this.#worker.on('exit', (code) => events.gone(`its thread ended with code ${code}`))
  }

  /** It leaves by itself when its connection ends. */
  leave(): void {}

  kill(): void {
    void this.#worker.terminate()
  }
}
