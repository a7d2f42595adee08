/** A server in a process of its own, for the length of a measurement: the load generator must not share its thread. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ApplicationOptions, PublishOptions, ServeOptions } from 'gymnura/serve'
import type { BenchModel } from './models.js'
import { cpuSeconds, memoryMB, processesOf } from './processes.js'
import type { Parts } from './profile.js'

const MAIN = fileURLToPath(new URL('./serving-main.js', import.meta.url))

/** What is served: paths, addresses or functions' sources as they are published, and the application over all of them. */
export interface Served {
  readonly models: readonly { readonly name: string; readonly source: string | Uint8Array; readonly options: PublishOptions }[]
  readonly application: Omit<ApplicationOptions, 'name'>
  /** Beyond the bench's own: any free port, and no cache unless told. */
  readonly server?: ServeOptions
}

export interface ServingReport {
  /** The batch limit that was found, and the mean size of batches, of the first model. */
  readonly maxBatch: number
  readonly meanBatch: number
  /** The container's process, of the first replica; undefined without one. */
  readonly pid?: number
}

/** A model as it can be sent to the server's process: a function by its source. */
export async function published(
  name: string,
  { source, options }: BenchModel,
  more: PublishOptions = {},
): Promise<Served['models'][number]> {
  const all = { ...options, ...more }
  if (typeof source === 'string') return { name, source, options: all }
  if (typeof source === 'function') return { name, source: Buffer.from(source.toString()), options: { kind: 'function', ...all } }
  return { name, source: await (source as { toBytes(): Uint8Array }).toBytes(), options: all }
}

export interface Serving {
  readonly port: number
  report(): Promise<ServingReport>
  /** Where the server's own process spends its time while `use` runs. */
  profiled<T>(use: () => Promise<T>): Promise<[T, Parts]>
  /** Seconds of CPU that it has used, its containers' too. */
  cpuSeconds(): number
  memoryMB(): number
  close(): Promise<void>
}

/** Resolves when it answers; applications are called `app`. */
export async function startServing(served: Served | 'echo'): Promise<Serving> {
  const child = fork(MAIN, { serialization: 'advanced' })
  const heard = () =>
    new Promise<unknown>((resolve, reject) => child.once('message', resolve).once('exit', () => reject(new Error('the server ended'))))
  child.send(served)
  const port = (await heard()) as number
  return {
    port,
    report: () => {
      const report = heard()
      child.send('report')
      return report as Promise<ServingReport>
    },
    profiled: async (use) => {
      child.send('profile')
      const result = await use()
      const parts = heard()
      child.send('end of profile')
      return [result, (await parts) as Parts]
    },
    cpuSeconds: () => cpuSeconds(processesOf(undefined, child.pid)),
    memoryMB: () => memoryMB(processesOf(undefined, child.pid)),
    close: () => {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.disconnect()
      return gone
    },
  }
}

/** `use` gets the port. Resolves with what `use` gave, and the batches. */
export async function withServing<T>(served: Served | 'echo', use: (port: number) => Promise<T>): Promise<[T, ServingReport]> {
  const serving = await startServing(served)
  try {
    const result = await use(serving.port)
    return [result, await serving.report()]
  } finally {
    await serving.close()
  }
}
